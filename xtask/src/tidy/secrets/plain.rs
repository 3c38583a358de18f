//! What of a type can be read as it is.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Types that show what they hold.
const TEXT: [&str; 13] = [
    "String",
    "str",
    "OsString",
    "OsStr",
    "Bytes",
    "BytesMut",
    "Value",
    "Json",
    "Url",
    "Uri",
    "HeaderMap",
    "HeaderValue",
    "Parts",
];

/// Types that hide what they hold, whatever is between their angle brackets.
const HIDING: [&str; 2] = ["SecretBox", "Hidden"];

/// Text or bytes in a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Plain {
    No,
    /// Those of somebody else, or of a fixed length.
    Lent,
    /// Its own.
    Owned,
}

impl Plain {
    pub(super) fn of(written: &Type) -> Self {
        match written {
            Type::Reference(reference) => match &reference.lifetime {
                // Everybody can read the constants of a program.
                Some(lifetime) if lifetime.ident == "static" => Self::No,
                _ => Self::of(&reference.elem).min(Self::Lent),
            },
            Type::Array(array) if is_byte(&array.elem) => Self::Lent,
            Type::Array(array) => Self::of(&array.elem),
            Type::Slice(slice) if is_byte(&slice.elem) => Self::Owned,
            Type::Slice(slice) => Self::of(&slice.elem),
            Type::Paren(inner) => Self::of(&inner.elem),
            Type::Group(inner) => Self::of(&inner.elem),
            Type::Tuple(tuple) => tuple.elems.iter().map(Self::of).max().unwrap_or(Self::No),
            Type::Path(path) => path.path.segments.last().map_or(Self::No, Self::of_segment),
            _ => Self::No,
        }
    }

    fn of_segment(segment: &PathSegment) -> Self {
        let is = |name: &&str| segment.ident == name;
        if HIDING.iter().any(&is) {
            return Self::No;
        }
        if TEXT.iter().any(&is) {
            return Self::Owned;
        }
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Self::No };
        let arguments = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        });
        let collects = ["Vec", "VecDeque"].iter().any(is);
        let of = |inner: &Type| if collects && is_byte(inner) { Self::Owned } else { Self::of(inner) };
        arguments.map(of).max().unwrap_or(Self::No)
    }
}

fn is_byte(written: &Type) -> bool {
    matches!(written, Type::Path(path) if path.path.is_ident("u8"))
}
