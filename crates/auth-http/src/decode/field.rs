//! The types of fields: each checks itself and describes itself.

use auth_core::identifier::{self, Email, IdentifierError, Username};
use auth_core::json;
use auth_core::password::Password;
use auth_core::uuid::Uuid;
use serde_json::{Map, Value};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema as OpenApiSchema};

/// A shape in the OpenAPI document.
pub(crate) type Schema = RefOr<OpenApiSchema>;

/// Why a field was refused: the kind of mistake, and what to do about it.
pub(crate) type Refusal = (&'static str, String);

/// The largest attributes object, as JSON text in bytes.
const MAX_ATTRIBUTES: usize = 16 * 1024;

/// The type of a field.
pub(crate) trait Field: Sized {
    /// Whether the field must be there.
    const REQUIRED: bool = true;

    /// Whether an empty text means something. Otherwise it says in a form that an optional field is not there.
    const EMPTY_IS_A_VALUE: bool = false;

    /// The value when it is not there.
    fn absent() -> Result<Self, Refusal> {
        Err(("missing", "Field required".to_owned()))
    }

    /// The value when it is.
    fn decode(value: Value) -> Result<Self, Refusal>;

    /// Its shape.
    fn schema() -> Schema;
}

fn object(kind: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(kind)
}

fn shape(object: impl Into<Object>) -> Schema {
    RefOr::T(OpenApiSchema::Object(object.into()))
}

fn string(value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(("string_type", "Input should be a string".to_owned())),
    }
}

/// A line of text of at most `MAX` characters that is looked up or followed, without any that cannot be seen.
#[derive(Clone, Debug)]
pub(crate) struct Text<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Field for Text<MAX> {
    fn decode(value: Value) -> Result<Self, Refusal> {
        let text = short(value, MAX)?;
        clean(identifier::has_forbidden_characters(&text))?;
        Ok(Self(text))
    }

    fn schema() -> Schema {
        shape(object(Type::String).max_length(Some(MAX)))
    }
}

/// A line of text of at most `MAX` characters that is shown, as people write it.
#[derive(Clone, Debug)]
pub(crate) struct ShownText<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Field for ShownText<MAX> {
    fn decode(value: Value) -> Result<Self, Refusal> {
        let text = short(value, MAX)?;
        clean(identifier::has_forbidden_in_shown_text(&text))?;
        Ok(Self(text))
    }

    fn schema() -> Schema {
        Text::<MAX>::schema()
    }
}

fn short(value: Value, max: usize) -> Result<String, Refusal> {
    let text = string(value)?;
    if text.chars().nth(max).is_some() {
        return Err(("string_too_long", format!("String should have at most {max} characters")));
    }
    Ok(text)
}

fn clean(has_forbidden: bool) -> Result<(), Refusal> {
    if has_forbidden {
        return Err(("string_characters", "Remove control characters and characters that cannot be seen".to_owned()));
    }
    Ok(())
}

fn refused(error: IdentifierError) -> Refusal {
    (error.kind(), error.to_string())
}

impl Field for Email {
    fn decode(value: Value) -> Result<Self, Refusal> {
        Self::parse(&string(value)?).map_err(refused)
    }

    fn schema() -> Schema {
        shape(object(Type::String).format(Some(SchemaFormat::Custom("email".to_owned()))).max_length(Some(254)))
    }
}

impl Field for Username {
    fn decode(value: Value) -> Result<Self, Refusal> {
        Self::parse(&string(value)?).map_err(refused)
    }

    fn schema() -> Schema {
        shape(object(Type::String).pattern(Some("^[A-Za-z0-9][A-Za-z0-9._-]{1,31}$")))
    }
}

impl Field for Password {
    const EMPTY_IS_A_VALUE: bool = true;

    fn decode(value: Value) -> Result<Self, Refusal> {
        let text = string(value)?;
        if identifier::has_forbidden_in_password(&text) {
            return Err(("string_characters", "Remove control characters from the password".to_owned()));
        }
        Ok(Self::new(&text))
    }

    fn schema() -> Schema {
        shape(object(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))))
    }
}

/// A password that is compared with a stored one. One that is longer than any that could be stored is refused before
/// anything is looked up.
#[derive(Clone, Debug)]
pub(crate) struct KnownPassword(pub(crate) Password);

impl Field for KnownPassword {
    const EMPTY_IS_A_VALUE: bool = true;

    fn decode(value: Value) -> Result<Self, Refusal> {
        let password = Password::decode(value)?;
        if password.is_too_long_to_compare() {
            let most = Password::MAX_COMPARED_BYTES;
            return Err(("string_too_long", format!("String should have at most {most} bytes")));
        }
        Ok(Self(password))
    }

    fn schema() -> Schema {
        Password::schema()
    }
}

/// The app's own object about a user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(pub(crate) Map<String, Value>);

impl Field for Attributes {
    fn decode(value: Value) -> Result<Self, Refusal> {
        if value.to_string().len() > MAX_ATTRIBUTES {
            return Err(("dict_too_long", format!("The object should have at most {MAX_ATTRIBUTES} bytes as JSON")));
        }
        clean_deep(&value)?;
        json::check_storable(&value).map_err(|message| ("attributes_invalid", message.to_owned()))?;
        match value {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(("dict_type", "Input should be an object".to_owned())),
        }
    }

    fn schema() -> Schema {
        shape(object(Type::Object))
    }
}

/// Checks every text in a value, which the app shows. The parser has bounded the depth.
fn clean_deep(value: &Value) -> Result<(), Refusal> {
    let clean = |text: &str| clean(identifier::has_forbidden_in_shown_text(text));
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().try_for_each(clean_deep),
        Value::Object(object) => object.iter().try_for_each(|(key, value)| clean(key).and_then(|()| clean_deep(value))),
        _ => Ok(()),
    }
}

impl Field for bool {
    fn decode(value: Value) -> Result<Self, Refusal> {
        value.as_bool().ok_or_else(|| ("bool_type", "Input should be true or false".to_owned()))
    }

    fn schema() -> Schema {
        shape(object(Type::Boolean))
    }
}

/// A checkbox: true or false in JSON, and in a form the words that browsers and libraries send for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkbox(pub(crate) bool);

impl Field for Checkbox {
    fn decode(value: Value) -> Result<Self, Refusal> {
        let is_set = match &value {
            Value::Bool(is_set) => Some(*is_set),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "on" | "true" | "1" | "yes" => Some(true),
                "off" | "false" | "0" | "no" | "" => Some(false),
                _ => None,
            },
            _ => None,
        };
        is_set.map(Self).ok_or_else(|| ("bool_parsing", "Input should be true or false".to_owned()))
    }

    fn schema() -> Schema {
        bool::schema()
    }
}

impl Field for Uuid {
    fn decode(value: Value) -> Result<Self, Refusal> {
        string(value)?.parse().map_err(|_| ("uuid_parsing", "Input should be a UUID".to_owned()))
    }

    fn schema() -> Schema {
        shape(object(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))))
    }
}

/// A whole number; queries carry it as text.
impl Field for u64 {
    fn decode(value: Value) -> Result<Self, Refusal> {
        let number = match &value {
            Value::String(text) if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        number.ok_or_else(|| ("int_parsing", "Input should be a whole number".to_owned()))
    }

    fn schema() -> Schema {
        shape(object(Type::Integer).minimum(Some(0)))
    }
}

/// Declares a `grant_type` of OAuth 2, which is one word or nothing.
macro_rules! grant_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Field for $name {
            fn decode(value: Value) -> Result<Self, Refusal> {
                match string(value)?.as_str() {
                    $text => Ok(Self),
                    _ => Err(("string_pattern_mismatch", concat!("Input should be '", $text, "'").to_owned())),
                }
            }

            fn schema() -> Schema {
                shape(object(Type::String).enum_values(Some([$text])))
            }
        }
    )+};
}

grant_types! {
    /// That of the password form (RFC 6749, section 4.3.2).
    PasswordGrant = "password";
    /// That of a refresh (RFC 6749, section 6).
    RefreshGrant = "refresh_token";
}

/// A field that may be missing or null, or empty in a form.
impl<T: Field> Field for Option<T> {
    const REQUIRED: bool = false;
    const EMPTY_IS_A_VALUE: bool = T::EMPTY_IS_A_VALUE;

    fn absent() -> Result<Self, Refusal> {
        Ok(None)
    }

    fn decode(value: Value) -> Result<Self, Refusal> {
        if value.is_null() { Ok(None) } else { T::decode(value).map(Some) }
    }

    fn schema() -> Schema {
        nullable(T::schema())
    }
}

fn nullable(mut schema: Schema) -> Schema {
    if let RefOr::T(OpenApiSchema::Object(object)) = &mut schema
        && let SchemaType::Type(kind) = object.schema_type.clone()
    {
        object.schema_type = SchemaType::from_iter([kind, Type::Null]);
        object.enum_values.iter_mut().for_each(|values| values.push(Value::Null));
    }
    schema
}

/// A field of a change: missing leaves the value alone, null empties it.
#[derive(Clone, Debug)]
pub(crate) struct Patch<T>(pub(crate) Option<Option<T>>);

impl<T: Field> Field for Patch<T> {
    const REQUIRED: bool = false;
    const EMPTY_IS_A_VALUE: bool = true;

    fn absent() -> Result<Self, Refusal> {
        Ok(Self(None))
    }

    fn decode(value: Value) -> Result<Self, Refusal> {
        if value.is_null() { Ok(Self(Some(None))) } else { T::decode(value).map(|value| Self(Some(Some(value)))) }
    }

    fn schema() -> Schema {
        nullable(T::schema())
    }
}

/// A field of a change that cannot be emptied: missing leaves the value alone, null is refused.
#[derive(Clone, Debug)]
pub(crate) struct Replace<T>(pub(crate) Option<T>);

impl<T: Field> Field for Replace<T> {
    const REQUIRED: bool = false;

    fn absent() -> Result<Self, Refusal> {
        Ok(Self(None))
    }

    fn decode(value: Value) -> Result<Self, Refusal> {
        T::decode(value).map(|value| Self(Some(value)))
    }

    fn schema() -> Schema {
        T::schema()
    }
}
