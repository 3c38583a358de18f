//! Apps outside of the workspace that embed the library, for what shows only where features are not united.

use crate::workspace::cargo;
use crate::{Result, metadata, process};

const JSONWEBTOKEN: &str = "integration-tests/hosts/jsonwebtoken/Cargo.toml";

/// The crypto back ends of `jsonwebtoken` that a host may have switched on.
const BACK_ENDS: [&str; 3] = ["rust_crypto", "aws_lc_rs", "rust_crypto,aws_lc_rs"];

/// Tests each host. They share the workspace's target directory, because most of what they depend on is the same.
pub(crate) fn run() -> Result {
    let target = metadata::load()?.target_directory;
    for features in BACK_ENDS {
        println!("jsonwebtoken with {features}");
        let args = ["test", "--quiet", "--manifest-path", JSONWEBTOKEN, "--features", features, "--target-dir"];
        process::run(cargo().args(args).arg(&target))?;
    }
    Ok(())
}
