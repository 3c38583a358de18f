//! Which requests below a protected subtree need no user: what `AuthMiddleware` is made of, whatever the framework.

use http::Method;

/// A path or a family of paths: `/about`, `/files/{id}`, `/public/*`.
///
/// `{name}` stands for one segment; a `*` at the end stands for everything below, and for the path above it itself. The
/// templates of the frameworks are read too: `:name`, `*name`, `{*name}`, `{name:.*}`. A template with another regular
/// expression means no path at all, rather than more paths than it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Segment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter,
    Tail,
}

impl Segment {
    fn new(text: &str) -> Self {
        let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let is_name = |name: &str| !name.is_empty() && !name.contains([':', '*', '<']);
        match (name, text.strip_prefix(':')) {
            (Some(name), _) if name.starts_with('*') || name.ends_with(":.*") => Self::Tail,
            (Some(name), _) | (None, Some(name)) if is_name(name) => Self::Parameter,
            _ if text.starts_with('*') => Self::Tail,
            _ => Self::Literal(text.to_owned()),
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.trim_start_matches('/').split('/').map(Segment::new).collect())
    }

    /// Whether a path is meant. A path with more than one reading (empty or dotted segments, escapes, backslashes) never
    /// is: a router behind may read it differently.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let ambiguous = path.contains(['%', '\\', ';'])
            || path.split('/').any(|segment| segment == "." || segment == "..")
            || path.contains("//");
        if ambiguous {
            return false;
        }
        let mut segments = path.split('/');
        for expected in &self.0 {
            if *expected == Segment::Tail {
                return true;
            }
            let Some(segment) = segments.next() else { return false };
            let fits = match expected {
                Segment::Literal(text) => segment == text,
                Segment::Parameter | Segment::Tail => !segment.is_empty(),
            };
            if !fits {
                return false;
            }
        }
        segments.next().is_none()
    }
}

/// The exceptions of a protected subtree. Everything else needs an active user.
#[derive(Clone, Debug)]
pub struct Exclusions {
    paths: Vec<Pattern>,
    methods: Vec<Method>,
}

impl Default for Exclusions {
    /// No path is excepted; `OPTIONS` is, because browsers ask without credentials before they send a request to
    /// another origin.
    fn default() -> Self {
        Self { paths: Vec::new(), methods: vec![Method::OPTIONS] }
    }
}

impl Exclusions {
    /// One more path that needs no user.
    pub fn exclude(&mut self, pattern: &str) {
        self.paths.push(Pattern::new(pattern));
    }

    /// The methods that need no user, instead of `OPTIONS`.
    pub fn exclude_methods(&mut self, methods: impl IntoIterator<Item = Method>) {
        self.methods = methods.into_iter().collect();
    }

    /// Whether a request needs a user.
    #[must_use]
    pub fn guards(&self, method: &Method, path: &str) -> bool {
        !self.methods.contains(method) && !self.paths.iter().any(|pattern| pattern.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_one_reading_only() {
        let cases = [
            ("/about", "/about", true),
            ("/about", "/about/", false),
            ("/about", "/aboutx", false),
            ("/", "/", true),
            ("/", "/x", false),
            ("/files/{id}", "/files/7", true),
            ("/files/{id}", "/files/", false),
            ("/files/{id}", "/files/7/8", false),
            ("/public/*", "/public/a/b", true),
            ("/public/*", "/public", true),
            ("/public/*", "/publicity", false),
            ("/public/*", "/public/../private", false),
            ("/public/*", "/public/%2e%2e/private", false),
            ("/public/*", "/public//private", false),
            ("/public/*", "/public/..;/private", false),
            ("/public/*", "public/a", false),
            ("/files/:id", "/files/7", true),
            ("/files/{*rest}", "/files/7/8", true),
            ("/files/*rest", "/files/7/8", true),
            ("/files/{rest:.*}", "/files/7/8", true),
            ("/files/{id:[0-9]+}", "/files/7", false),
            ("/files/:id<[0-9]+>", "/files/7", false),
            ("/files/<[0-9]+>", "/files/7", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn guards_all_but_the_exceptions() {
        let mut exclusions = Exclusions::default();
        exclusions.exclude("/public/*");
        assert!(exclusions.guards(&Method::GET, "/private"));
        assert!(!exclusions.guards(&Method::GET, "/public/a"));
        assert!(!exclusions.guards(&Method::OPTIONS, "/private"));
        exclusions.exclude_methods([Method::HEAD]);
        assert!(exclusions.guards(&Method::OPTIONS, "/private"));
        assert!(!exclusions.guards(&Method::HEAD, "/private"));
    }
}
