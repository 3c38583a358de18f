//! The pages against the table that they are made from.

use auth_core::ErrorCode;

use super::{endpoints_markdown, errors_markdown};
use crate::Problem;
use crate::openapi::tests::table;

#[tokio::test]
async fn every_route_has_a_row_with_its_codes() {
    let table = table().await;
    let text = endpoints_markdown(&table);
    for endpoint in table.endpoints() {
        if endpoint.backend().is_some() && !endpoint.is_below_backend() {
            continue;
        }
        let begin = format!("| `{} {}`<br>", endpoint.method, endpoint.shown_path());
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&begin)).collect();
        assert_eq!(rows.len(), 1, "{endpoint:?}");
        assert!(rows[0].contains(&format!("| `{}` |", endpoint.shown_id())), "{endpoint:?}");
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
    assert!(text.contains("| `login.login` |"), "{text}");
}
