//! The corpus, replayed without libFuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|cause| panic!("{}: {cause}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn each_input_of_the_corpus_passes() {
    for (name, target) in TARGETS {
        let inputs = entries(&corpus().join(name));
        assert!(inputs.len() >= 3, "put some inputs for `{name}` into fuzz/corpus/{name}");
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            // Shown only if the target panics: which file it was.
            println!("{}", input.display());
            target(&bytes);
        }
        target(b"");
    }
}

#[test]
fn each_folder_of_the_corpus_has_a_target() {
    let folders = entries(&corpus()).into_iter();
    let folders: BTreeSet<_> = folders.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, targets);
}
