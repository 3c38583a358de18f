//! Which requests below a protected subtree need no user: what `AuthMiddleware` is made of, whatever the framework.

use http::Method;

/// A path or a family of paths: `/about`, `/files/{id}`, `/public/*`.
///
/// `{name}` stands for one segment; a `*` at the end stands for everything below, and for the path above it itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.trim_start_matches('/').split('/').map(str::to_owned).collect())
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
            if expected == "*" {
                return true;
            }
            let Some(segment) = segments.next() else { return false };
            let parameter = expected.starts_with('{') && expected.ends_with('}') && !segment.is_empty();
            if !parameter && segment != expected {
                return false;
            }
        }
        segments.next().is_none()
    }
}

/// The exceptions of a protected subtree. Everything else needs an active user.
#[derive(Clone, Debug)]
pub struct Gate {
    paths: Vec<Pattern>,
    methods: Vec<Method>,
}

impl Default for Gate {
    /// No path is excepted; `OPTIONS` is, because browsers ask without credentials before they send a request to
    /// another origin.
    fn default() -> Self {
        Self { paths: Vec::new(), methods: vec![Method::OPTIONS] }
    }
}

impl Gate {
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
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn guards_all_but_the_exceptions() {
        let mut gate = Gate::default();
        gate.exclude("/public/*");
        assert!(gate.guards(&Method::GET, "/private"));
        assert!(!gate.guards(&Method::GET, "/public/a"));
        assert!(!gate.guards(&Method::OPTIONS, "/private"));
        gate.exclude_methods([Method::HEAD]);
        assert!(gate.guards(&Method::OPTIONS, "/private"));
        assert!(!gate.guards(&Method::HEAD, "/private"));
    }
}
