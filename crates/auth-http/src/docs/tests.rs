//! The pages against the table that they are made from.

use auth_core::ErrorCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::page::escape;
use super::style::STYLE;
use super::{REFERENCE_PAGE_CSP, endpoints_markdown, errors_markdown, reference_page};
use crate::Problem;
use crate::openapi::tests::table;

#[tokio::test]
async fn every_route_has_a_row_with_its_codes() {
    let table = table().await;
    let text = endpoints_markdown(&table);
    for endpoint in table.endpoints() {
        let begin = format!("| `{} {}`<br>", endpoint.method, endpoint.full_path());
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&begin)).collect();
        assert_eq!(rows.len(), 1, "{endpoint:?}");
        assert!(rows[0].contains(&format!("| `{}` |", endpoint.id)), "{endpoint:?}");
        for code in endpoint.declared_errors() {
            assert!(rows[0].contains(&format!("`{}`", code.as_str())), "{endpoint:?} {code:?}");
        }
    }
}

#[tokio::test]
async fn every_row_has_as_many_cells_as_its_head() {
    let table = table().await;
    for text in [endpoints_markdown(&table), errors_markdown(&table)] {
        let cells = |line: &str| line.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = text.lines().collect();
        let heads = lines.windows(2).filter(|pair| pair[1].starts_with("|---")).map(|pair| cells(pair[0]));
        let expected = heads.max().unwrap();
        for line in lines.iter().filter(|line| line.starts_with('|')) {
            assert_eq!(cells(line), expected, "{line}");
        }
    }
}

#[tokio::test]
async fn every_code_has_a_row_with_its_status_and_routes() {
    let table = table().await;
    let text = errors_markdown(&table);
    for code in ErrorCode::ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}`", code.as_str()))).unwrap();
        assert!(row.contains(&format!("| {} |", Problem::new(*code).status().as_u16())), "{row}");
        assert!(row.contains(code.meaning()), "{row}");
        let declared = table.endpoints().iter().any(|endpoint| endpoint.declared_errors().contains(code));
        assert_eq!(row.ends_with("` |"), declared, "{row}");
    }
    assert!(text.contains("| `LOGIN_BAD_CREDENTIALS` | 400 |"), "{text}");
    assert!(text.contains("| `session.login` |"), "{text}");
}

#[test]
fn escapes_what_means_something_in_html() {
    let cases = [
        ("plain", "plain"),
        ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
        ("\" onload=\"x", "&quot; onload=&quot;x"),
        ("&lt;", "&amp;lt;"),
    ];
    for (text, expected) in cases {
        assert_eq!(escape(text), expected);
    }
}

#[tokio::test]
async fn the_page_has_every_route_and_nothing_that_runs_or_loads() {
    let table = table().await;
    let page = reference_page(&table);
    for endpoint in table.endpoints() {
        assert!(page.contains(&format!("<section id=\"{}\">", endpoint.id)), "{endpoint:?}");
        assert!(page.contains(&format!("<a href=\"#{}\">", endpoint.id)), "{endpoint:?}");
    }
    assert!(page.contains("<h1>Tom &amp; &lt;Jerry&gt; &quot;Notes&quot;: accounts and sessions</h1>"), "{page}");
    for forbidden in ["<Jerry>", "<script", "style=", "src=", "<link", "javascript:", " onclick", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for tag in ["table", "section", "details", "pre", "code", "ul", "div", "p", "tr", "td"] {
        let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
        let opened = page.match_indices(&opened).filter(|(at, found)| page[at + found.len()..].starts_with(['>', ' ']));
        assert_eq!(opened.count(), page.matches(&closed).count(), "{tag}");
    }
}

#[tokio::test]
async fn the_page_shows_commands_for_each_way_to_be_known() {
    let page = reference_page(&table().await);
    let commands = [
        "curl -i -X POST \"https://notes.example.com/app/auth/login\" \\\n  -c cookies.txt \\\n  -H &#39;Content-Type",
        "curl -i -X POST \"https://notes.example.com/app/auth/jwt/logout\" \\\n  -H \"Authorization: Bearer $TOKEN\"",
        "curl -i \"https://notes.example.com/app/users/$ID\" \\\n  -b cookies.txt",
        "-d &#39;{\"email\":\"ada@example.com\",\"password\":\"correct horse battery staple\"}&#39;",
    ];
    for command in commands {
        let command = command.replace('"', "&quot;");
        assert!(page.contains(&command), "{command}");
    }
}

#[test]
fn the_policy_has_the_hash_of_the_style() {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    assert!(REFERENCE_PAGE_CSP.contains(&format!("style-src 'sha256-{hash}'")), "put sha256-{hash} into the policy");
}
