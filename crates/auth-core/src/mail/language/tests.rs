//! Which language somebody gets.

use proptest::prelude::*;

use super::*;

fn languages(tags: &[&str]) -> Languages {
    let all: Vec<Language> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
    Languages::new(all[0].clone(), all)
}

#[test]
fn tags_are_written_in_their_usual_case() {
    for (text, tag) in [
        ("en", "en"),
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("DE-ch-1996", "de-CH-1996"),
        ("sl-nedis", "sl-nedis"),
    ] {
        assert_eq!(text.parse::<Language>().unwrap().as_str(), tag);
    }
    for text in ["", "e", "e1", "en-", "-en", "en_GB", "en--GB", "en GB", "englishly", "ü", "en-abcdefghi", "../../etc"]
    {
        assert!(text.parse::<Language>().is_err(), "{text:?}");
    }
    let longest = format!("en-{}", ["abcdefgh"; 4].join("-"));
    assert!(longest.parse::<Language>().is_err(), "room for registered tags only");
}

#[test]
fn a_language_in_json_is_its_tag() {
    let language: Language = serde_json::from_str(r#""PT-br""#).unwrap();
    assert_eq!(serde_json::to_string(&language).unwrap(), r#""pt-BR""#);
    assert!(serde_json::from_str::<Language>(r#""../en""#).is_err());
}

#[test]
fn the_best_language_is_chosen() {
    let few = languages(&["en", "de"]);
    let many = languages(&["en", "de", "de-CH", "pt-BR", "zh-Hant"]);
    for (all, header, chosen) in [
        (&few, "", "en"),
        (&few, "de", "de"),
        (&few, "DE", "de"),
        (&few, "de-AT", "de"),
        (&few, "fr", "en"),
        (&few, "fr, de;q=0.8, en;q=0.9", "en"),
        (&few, "fr, en;q=0.8, de;q=0.9", "de"),
        (&few, "de, en", "de"),
        (&few, "en;q=0.5, de;q=0.5", "en"),
        (&few, "*", "en"),
        (&few, "*, en;q=0", "de"),
        (&few, "en;q=0", "en"),
        (&few, "en;q=0, de;q=0.001", "de"),
        (&few, "de;q=0, *", "en"),
        (&few, " \tde ; q=0.3 ", "de"),
        (&few, "de;Q=1.000", "de"),
        // What the grammar does not allow is not there.
        (&few, "de;q=2", "en"),
        (&few, "de;q=1.001", "en"),
        (&few, "de;q=0.1234", "en"),
        (&few, "de;level=1", "en"),
        (&few, "de;q=-1", "en"),
        (&few, "de;q=", "en"),
        (&few, ";;,,;q=,de", "de"),
        (&few, "d€", "en"),
        (&many, "de-CH", "de-CH"),
        (&many, "de-CH-1996", "de-CH"),
        (&many, "de-AT", "de"),
        (&many, "de", "de"),
        (&many, "pt", "pt-BR"),
        (&many, "pt-PT", "en"),
        (&many, "zh-Hant-TW", "zh-Hant"),
        (&many, "de-CH;q=0, de", "de"),
    ] {
        assert_eq!(all.choose(header).as_str(), chosen, "{header:?}");
    }
}

#[test]
fn endless_wishes_are_not_read_to_the_end() {
    let header = format!("{}de", "fr,".repeat(MAX_RANGES));
    assert_eq!(languages(&["en", "de"]).choose(&header).as_str(), "en");
}

proptest! {
    #[test]
    fn there_is_always_an_answer(header in "\\PC*|([a-zA-Z*-]{0,9}(;q=[0-9.]{0,5})?, ?){0,40}") {
        let all = languages(&["en", "de", "pt-BR"]);
        let chosen = all.choose(&header);
        prop_assert!(all.iter().any(|language| language == chosen));
    }

    #[test]
    fn a_tag_that_parses_stays_as_it_is(text in "[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8}){0,3}") {
        if let Ok(language) = text.parse::<Language>() {
            prop_assert!(language.as_str().eq_ignore_ascii_case(&text));
            prop_assert_eq!(language.as_str().parse::<Language>().unwrap(), language);
        }
    }
}
