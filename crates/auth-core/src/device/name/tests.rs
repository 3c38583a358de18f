//! Names of devices, by what programs of the year 2026 send.

use super::*;
use crate::Client;

const WEBKIT: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64)";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K)";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X)";

/// Each name, and what gets it. Names in braces stand for the constants above.
#[rustfmt::skip]
const CASES: &[(&str, &str)] = &[
    // Browsers of computers, whose versions are reduced.
    ("Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("Firefox on macOS", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Firefox on Linux", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("Firefox on FreeBSD", "Mozilla/5.0 (X11; FreeBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("SeaMonkey on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.21"),
    ("Thunderbird on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0"),
    ("Chrome on Windows", "{WINDOWS} {BLINK} Chrome/142.0.0.0 Safari/537.36"),
    ("Chrome on macOS", "{MAC} {BLINK} Chrome/142.0.0.0 Safari/537.36"),
    ("Chrome on Linux", "{LINUX} {BLINK} Chrome/142.0.0.0 Safari/537.36"),
    ("Chrome on ChromeOS", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {BLINK} Chrome/142.0.0.0 Safari/537.36"),
    ("Chromium on Linux", "{LINUX} {BLINK} Ubuntu Chromium/140.0.0.0 Chrome/140.0.0.0 Safari/537.36"),
    ("Safari on macOS or iPadOS", "{MAC} {WEBKIT} Version/26.1 Safari/605.1.15"),
    ("Edge on Windows", "{WINDOWS} {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"),
    ("Edge on macOS", "{MAC} {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"),
    ("Edge on Xbox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) {BLINK} Chrome/142.0.0.0 Safari/537.36 Edge/44.18363.8131"),
    ("Opera on Windows", "{WINDOWS} {BLINK} Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0"),
    ("Vivaldi on Linux", "{LINUX} {BLINK} Chrome/140.0.0.0 Safari/537.36 Vivaldi/7.6.3797.63"),
    // Brave and today's Vivaldi say that they are Chrome.
    ("Brave on macOS", "{MAC} {BLINK} Brave Chrome/83.0.4103.116 Safari/537.36"),
    ("Yandex Browser on Windows", "{WINDOWS} {BLINK} Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36"),
    ("Whale on Windows", "{WINDOWS} {BLINK} Chrome/138.0.0.0 Whale/4.33.325.17 Safari/537.36"),
    ("DuckDuckGo on Windows", "{WINDOWS} {BLINK} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0 Ddg/142.0.0.0"),
    ("DuckDuckGo on macOS", "{MAC} {WEBKIT} Version/18.6 Safari/605.1.15 Ddg/18.6"),
    ("GNOME Web on Linux", "Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Version/18.0 Safari/605.1.15 Epiphany/605.1.15"),
    ("Internet Explorer on Windows", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"),
    ("Lynx", "Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.5.4"),
    // Phones and tablets.
    ("Chrome on Android", "{ANDROID} {BLINK} Chrome/142.0.0.0 Mobile Safari/537.36"),
    ("Chrome on Android", "Mozilla/5.0 (Linux; Android 16; Pixel 9 Pro) {BLINK} Chrome/142.0.7444.102 Mobile Safari/537.36"),
    ("Firefox on Android", "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"),
    ("Edge on Android", "{ANDROID} {BLINK} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0"),
    ("Opera on Android", "{ANDROID} {BLINK} Chrome/139.0.0.0 Mobile Safari/537.36 OPR/91.0.0.0"),
    ("Samsung Internet on Android", "{ANDROID} {BLINK} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"),
    ("DuckDuckGo on Android", "{ANDROID} {BLINK} Chrome/142.0.0.0 Mobile DuckDuckGo/5 Safari/537.36"),
    ("Mi Browser on Android", "Mozilla/5.0 (Linux; U; Android 14; en-us; 23049PCD8G Build/UKQ1.230804.001) {BLINK} Version/4.0 Chrome/123.0.6312.118 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.22.1-gn"),
    ("UC Browser on Android", "Mozilla/5.0 (Linux; U; Android 13; en-US; CPH2001 Build/TP1A.220905.001) {BLINK} Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.8.2.1324 Mobile Safari/537.36"),
    ("Huawei Browser on HarmonyOS", "Mozilla/5.0 (Linux; Android 12; HarmonyOS; ANA-AN00; HMSCore 6.8.0.332) {BLINK} Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36"),
    ("Amazon Silk on Android", "Mozilla/5.0 (Linux; Android 11; KFTRWI) {BLINK} Silk/141.3.5 like Chrome/141.0.7390.122 Safari/537.36"),
    ("a browser on Android", "Mozilla/5.0 (Linux; U; Android 4.0.4; en-us; GT-P5100 Build/IMM76D) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Safari/534.30"),
    ("Safari on iPhone", "{IPHONE} {WEBKIT} Version/26.1 Mobile/15E148 Safari/604.1"),
    ("Safari on iPad", "{IPAD} {WEBKIT} Version/26.1 Mobile/15E148 Safari/604.1"),
    ("Chrome on iPhone", "{IPHONE} {WEBKIT} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1"),
    ("Chrome on iPad", "{MAC} {WEBKIT} CriOS/142 Version/11.1.1 Safari/605.1.15"),
    ("Firefox on iPhone", "{IPHONE} {WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/604.1"),
    ("Firefox on iPad", "{MAC} {WEBKIT} FxiOS/145.0 Safari/605.1.15"),
    ("Firefox on iPhone", "{IPHONE} {WEBKIT} Focus/145.0 Mobile/15E148 Safari/604.1"),
    ("Edge on iPhone", "{IPHONE} {WEBKIT} Version/18.0 EdgiOS/142.0.3595.66 Mobile/15E148 Safari/604.1"),
    ("Edge on iPad", "{MAC} {WEBKIT} Version/18.0 EdgiOS/142.0.3595.66 Safari/605.1.15"),
    ("Opera on iPhone", "{IPHONE} {WEBKIT} Version/18.7 Mobile/15E148 Safari/604.1 OPT/6.2.4"),
    ("the Google app on iPhone", "{IPHONE} {WEBKIT} GSA/393.0.830083024 Mobile/15E148 Safari/604.1"),
    // Other devices.
    ("Samsung Internet on Tizen", "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) {BLINK} SamsungBrowser/6.0 Chrome/108.0.5359.1 TV Safari/537.36"),
    ("Chrome on webOS", "Mozilla/5.0 (Web0S; Linux/SmartTV) {BLINK} Chrome/108.0.5359.211 Safari/537.36 WebAppManager"),
    ("Safari on PlayStation", "Mozilla/5.0 (PlayStation; PlayStation 5/9.60) {WEBKIT} Version/17.0 Safari/605.1.15"),
    ("Meta Quest Browser on Meta Quest", "Mozilla/5.0 (X11; Linux x86_64; Quest 3) {BLINK} OculusBrowser/41.3.0.16.63 Chrome/140.0.7339.207 VR Safari/537.36"),
    ("Firefox on KaiOS", "Mozilla/5.0 (Mobile; Nokia 2720 Flip; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.2"),
    // Pages within apps.
    ("an app on Android", "Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP4A.250205.002; wv) {BLINK} Version/4.0 Chrome/142.0.7444.102 Mobile Safari/537.36"),
    ("an app on iPhone", "{IPHONE} {WEBKIT} Mobile/15E148"),
    ("an app on macOS", "{MAC} {WEBKIT}"),
    ("Facebook on Android", "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) {BLINK} Version/4.0 Chrome/141.0.7390.122 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/535.0.0.48.75;]"),
    ("Facebook on iPhone", "{IPHONE} {WEBKIT} Mobile/22H31 [FBAN/FBIOS;FBAV/534.1.0.52.103;FBBV/812345678;FBDV/iPhone15,2]"),
    ("Instagram on iPhone", "{IPHONE} {WEBKIT} Mobile/22H31 Instagram 405.0.0.32.81 (iPhone15,3; iOS 18_7; en_US; en; scale=3.00; 1290x2796; 818737823)"),
    ("Instagram on Android", "Mozilla/5.0 (Linux; Android 14; SM-A546B Build/UP1A.231005.007; wv) {BLINK} Version/4.0 Chrome/141.0.7390.122 Mobile Safari/537.36 Instagram 405.1.0.57.77 Android"),
    ("TikTok on iPhone", "{IPHONE} {WEBKIT} Mobile/22H31 musical_ly_42.4.0 BytedanceWebview/d8a21c6"),
    ("LinkedIn on iPhone", "{IPHONE} {WEBKIT} Mobile/22H31 [LinkedInApp]/9.31.1234"),
    ("WeChat on Android", "Mozilla/5.0 (Linux; Android 13; V2183A Build/TP1A.220624.014; wv) {BLINK} Version/4.0 Chrome/130.0.6723.103 Mobile Safari/537.36 MicroMessenger/8.0.60.2860(0x28003C3B) NetType/WIFI Language/zh_CN"),
    ("an app on Windows", "{WINDOWS} {BLINK} Slack/4.46.101 Chrome/140.0.7339.133 Electron/38.1.2 Safari/537.36"),
    ("an app on macOS", "{MAC} {BLINK} Code/1.106.0 Chrome/138.0.7204.251 Electron/37.7.0 Safari/537.36"),
    ("an app on Linux", "{LINUX} {BLINK} QtWebEngine/6.9.1 Chrome/130.0.0.0 Safari/537.36"),
    // Apps without pages, libraries and tools.
    ("an app on Android", "Dalvik/2.1.0 (Linux; U; Android 14; SM-G991B Build/UP1A.231005.007)"),
    ("an app", "okhttp/5.3.0"),
    ("an app", "Dart/3.9 (dart:io)"),
    ("an app on iOS or macOS", "Notes/42 CFNetwork/3860.200.71 Darwin/25.1.0"),
    ("an app on iOS", "Notes/1.0 (com.example.notes; build:42; iOS 26.1.0) Alamofire/5.10.2"),
    ("curl", "curl/8.17.0"),
    ("Wget", "Wget/1.25.0"),
    ("HTTPie", "HTTPie/3.2.4"),
    ("Postman", "PostmanRuntime/7.49.1"),
    ("Insomnia", "insomnia/11.6.2"),
    ("PowerShell on Windows", "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.26100.7019"),
    ("PowerShell on Linux", "Mozilla/5.0 (Linux; Ubuntu 24.04.3 LTS; en-US) PowerShell/7.5.4"),
    ("Python", "python-requests/2.32.5"),
    ("Python", "python-httpx/0.28.1"),
    ("Python", "Python/3.14 aiohttp/3.13.2"),
    ("Python", "Python-urllib/3.14"),
    ("Go", "Go-http-client/2.0"),
    ("Node.js", "node"),
    ("Node.js", "axios/1.13.2"),
    ("Node.js", "got (https://github.com/sindresorhus/got)"),
    ("Deno", "Deno/2.5.6"),
    ("Bun", "Bun/1.3.2"),
    ("Java", "Java-http-client/25.0.1"),
    ("Java", "Apache-HttpClient/5.5.1 (Java/21.0.9)"),
    ("PHP", "GuzzleHttp/7"),
    ("Ruby", "Faraday v2.14.0"),
    ("Perl", "libwww-perl/6.81"),
    ("Rust", "reqwest/0.12.24"),
    // Bots.
    ("a bot on Android", "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {BLINK} Chrome/142.0.7444.59 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("a bot", "Mozilla/5.0 {BLINK}; compatible; GPTBot/1.3; +https://openai.com/gptbot)"),
    ("a bot", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    ("a bot on Linux", "{LINUX} {BLINK} HeadlessChrome/142.0.0.0 Safari/537.36"),
    // A phone with a name that bots have, too, and words that others are a part of.
    ("Chrome on Android", "Mozilla/5.0 (Linux; Android 13; CUBOT_KINGKONG_9) {BLINK} Chrome/142.0.0.0 Mobile Safari/537.36"),
    ("a browser", "Curlicue/1.0 Operations/2 Firefoxes/3 Windowsill/4"),
    // Nothing at all.
    ("a browser", ""),
    ("a browser", "Mozilla/5.0"),
    ("a browser", "Your account is at risk, call 0900-1234 now"),
    ("a browser", "<script>alert(1)</script>"),
    ("a browser on Windows", "Windows, but which?"),
];

fn expand(agent: &str) -> String {
    let parts = [
        ("{WEBKIT}", WEBKIT),
        ("{BLINK}", BLINK),
        ("{WINDOWS}", WINDOWS),
        ("{MAC}", MAC),
        ("{LINUX}", LINUX),
        ("{ANDROID}", ANDROID),
        ("{IPHONE}", IPHONE),
        ("{IPAD}", IPAD),
    ];
    parts.iter().fold(agent.to_owned(), |agent, (name, text)| agent.replace(name, text))
}

#[test]
fn devices_are_called_what_their_users_call_them() {
    for (name, agent) in CASES {
        let agent = expand(agent);
        assert_eq!(DeviceName::of(Some(&agent)).to_string(), *name, "{agent}");
        // What is kept of a long one names the same device, but for apps that name themselves at the very end.
        let kept = Client::new(None, Some(&agent));
        let kept = DeviceName::of(kept.user_agent()).to_string();
        assert!(kept == *name || agent.len() > 256, "{agent}");
    }
    assert_eq!(DeviceName::of(None).to_string(), "a browser");
}

#[test]
fn no_word_hides_another() {
    for table in [BROWSERS, SYSTEMS] {
        for (at, (word, _)) in table.iter().enumerate() {
            assert_eq!(words(word).collect::<Vec<_>>(), [*word], "a marker is one word");
            assert!(table[..at].iter().all(|(earlier, _)| earlier != word), "{word} is there twice");
        }
    }
}

proptest::proptest! {
    /// Whatever a client sends, its name is short and made of words of the tables.
    #[test]
    fn nothing_that_a_client_wrote_is_shown(noise in ".{0,700}", at in 0..CASES.len(), cut in 0_usize..400) {
        let agent = expand(CASES[at].1);
        let cut = agent.floor_char_boundary(cut.min(agent.len()));
        for agent in [noise.clone(), format!("{}{noise}{}", &agent[..cut], &agent[cut..]), noise + &agent[cut..]] {
            let name = DeviceName::of(Some(&agent));
            let is_browser = name.browser == BROWSER || BROWSERS.iter().any(|(_, known)| *known == name.browser) || name.browser == "Node.js";
            let more = ["macOS or iPadOS"];
            let is_system = name.system.is_none_or(|found| more.contains(&found) || SYSTEMS.iter().any(|(_, known)| *known == found));
            proptest::prop_assert!(is_browser && is_system, "{name} for {agent}");
            proptest::prop_assert!(name.to_string().len() <= 64, "{name}");
        }
    }
}
