//! What a device is called: the browser and the system that a `User-Agent` names, in words that users know.
//!
//! All words come from the tables below. Nothing that a client sends is shown.

use std::fmt;

/// How much of a `User-Agent` is looked at, in bytes.
const MAX_LENGTH: usize = 512;

/// A program that opens pages for its users without being known for it.
const APP: &str = "an app";

/// A program without a user in front of it.
const BOT: &str = "a bot";

/// Whatever the table does not know.
const BROWSER: &str = "a browser";

/// What only names a browser if nothing else does: all others say that they are it, too.
const SAFARI: &str = "Safari";

/// What programs write, and what they are. The first that is found decides: many claim to be others, and name themselves besides.
const BROWSERS: &[(&str, &str)] = &[
    // Bots add an address that tells about them.
    ("+http", BOT),
    ("+https", BOT),
    ("Googlebot", BOT),
    ("Google-InspectionTool", BOT),
    ("bingbot", BOT),
    ("Applebot", BOT),
    ("facebookexternalhit", BOT),
    ("Twitterbot", BOT),
    ("Slackbot", BOT),
    ("UptimeRobot", BOT),
    ("HeadlessChrome", BOT),
    // Libraries and tools.
    ("curl", "curl"),
    ("Wget", "Wget"),
    ("HTTPie", "HTTPie"),
    ("PostmanRuntime", "Postman"),
    ("insomnia", "Insomnia"),
    ("bruno-runtime", "Bruno"),
    ("WindowsPowerShell", "PowerShell"),
    ("PowerShell", "PowerShell"),
    ("python-requests", "Python"),
    ("python-httpx", "Python"),
    ("Python-urllib", "Python"),
    ("Python", "Python"),
    ("Go-http-client", "Go"),
    ("axios", "Node.js"),
    ("undici", "Node.js"),
    ("node-fetch", "Node.js"),
    ("got", "Node.js"),
    ("Deno", "Deno"),
    ("Bun", "Bun"),
    ("Java", "Java"),
    ("Java-http-client", "Java"),
    ("Apache-HttpClient", "Java"),
    ("ReactorNetty", "Java"),
    ("GuzzleHttp", "PHP"),
    ("PHP", "PHP"),
    ("Ruby", "Ruby"),
    ("Faraday", "Ruby"),
    ("libwww-perl", "Perl"),
    ("reqwest", "Rust"),
    ("ureq", "Rust"),
    ("okhttp", APP),
    ("Dart", APP),
    ("Dalvik", APP),
    ("CFNetwork", APP),
    ("Alamofire", APP),
    // Apps that have a web view, or are one.
    ("Electron", APP),
    ("QtWebEngine", APP),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("FB_IAB", "Facebook"),
    ("Instagram", "Instagram"),
    ("musical_ly", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("LinkedInApp", "LinkedIn"),
    ("Snapchat", "Snapchat"),
    ("Pinterest", "Pinterest"),
    ("WhatsApp", "WhatsApp"),
    ("MicroMessenger", "WeChat"),
    ("Line", "LINE"),
    ("GSA", "the Google app"),
    ("wv", APP),
    // Browsers that are built on others.
    ("EdgiOS", "Edge"),
    ("EdgA", "Edge"),
    ("Edge", "Edge"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Ddg", "DuckDuckGo"),
    ("Edg", "Edge"),
    ("OPiOS", "Opera"),
    ("OPT", "Opera"),
    ("OPX", "Opera"),
    ("OPR", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Brave", "Brave"),
    ("YaBrowser", "Yandex Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("UCBrowser", "UC Browser"),
    ("MQQBrowser", "QQ Browser"),
    ("Whale", "Whale"),
    ("Silk", "Amazon Silk"),
    ("OculusBrowser", "Meta Quest Browser"),
    ("Ecosia", "Ecosia"),
    ("SeaMonkey", "SeaMonkey"),
    ("Waterfox", "Waterfox"),
    ("Thunderbird", "Thunderbird"),
    ("Focus", "Firefox"),
    ("Klar", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Epiphany", "GNOME Web"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Trident", "Internet Explorer"),
    ("MSIE", "Internet Explorer"),
    ("Lynx", "Lynx"),
    ("w3m", "w3m"),
    ("Safari", SAFARI),
    // The engine of Apple without its browser.
    ("AppleWebKit", APP),
];

/// What programs for the iPhone and the iPad alone write. An iPad says that it is a Mac.
const OF_IPAD: &[&str] = &["CriOS", "FxiOS", "EdgiOS", "OPiOS", "OPT", "OPX", "GSA"];

/// What programs write about the system. The first that is found decides.
const SYSTEMS: &[(&str, &str)] = &[
    ("Xbox", "Xbox"),
    ("PlayStation", "PlayStation"),
    ("Nintendo", "Nintendo"),
    ("Tizen", "Tizen"),
    ("Web0S", "webOS"),
    ("Quest", "Meta Quest"),
    ("CrOS", "ChromeOS"),
    ("KAIOS", "KaiOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("iPod", "iPod"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("macOS", "macOS"),
    ("iOS", "iOS"),
    ("Darwin", "iOS or macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
];

/// What a device is called, such as "Firefox on Windows", "an app on Android" or "curl": at most 64 characters of fixed words.
/// Anyone can send any `User-Agent`: the name helps to recognise a device and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceName {
    browser: &'static str,
    system: Option<&'static str>,
}

impl DeviceName {
    /// The device that a `User-Agent` names; "a browser" if it names none.
    #[must_use]
    pub fn of(user_agent: Option<&str>) -> Self {
        let words: Vec<&str> = words(user_agent.unwrap_or_default()).collect();
        let has = |word: &str| words.contains(&word);
        let first = |table: &[(&str, &'static str)]| table.iter().find(|(word, _)| has(word)).map(|(_, name)| *name);
        let browser = match words.as_slice() {
            // All that Node's own `fetch` says.
            ["node"] => "Node.js",
            _ => first(BROWSERS).unwrap_or(BROWSER),
        };
        let system = match first(SYSTEMS) {
            Some("macOS") if OF_IPAD.iter().any(|word| has(word)) => Some("iPad"),
            // The browser of an iPad tells nobody.
            Some("macOS") if browser == SAFARI => Some("macOS or iPadOS"),
            system => system,
        };
        // The browser of Android before Chrome.
        let browser = if browser == SAFARI && system == Some("Android") { BROWSER } else { browser };
        Self { browser, system }
    }

    /// The browser or the program: a name, or "an app", "a bot" or "a browser".
    #[must_use]
    pub fn browser(&self) -> &'static str {
        self.browser
    }

    /// The system or the kind of device, if it is known.
    #[must_use]
    pub fn system(&self) -> Option<&'static str> {
        self.system
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.browser)?;
        self.system.map_or(Ok(()), |system| write!(f, " on {system}"))
    }
}

/// The words of a `User-Agent`, without versions and punctuation.
fn words(user_agent: &str) -> impl Iterator<Item = &str> {
    let seen = &user_agent[..user_agent.floor_char_boundary(MAX_LENGTH)];
    let between = |c: char| !c.is_ascii_alphanumeric() && !"_-+".contains(c);
    seen.split(between).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
