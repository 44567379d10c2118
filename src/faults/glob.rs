//! Patterns of paths: `*` within a segment, `**` for whole segments.
//!
//! Must not know where a path comes from.

/// Returns true if the pattern fits all of this path.
///
/// `*` stands for any text within a segment, also none; a segment `**` for any number of segments, also none: `/shops/**`
/// fits `/shops` and all that is below. All else is literal. Nothing is compiled or allocated, and the time is
/// at worst the product of both lengths.
pub fn fits(pattern: &str, path: &str) -> bool {
    let segment_fits =
        |pattern: &str, text: &str| fits_with_gaps(pattern.bytes(), text.bytes(), &b'*', u8::eq);
    fits_with_gaps(pattern.split('/'), path.split('/'), &"**", |a, b| segment_fits(a, b))
}

/// Returns true if the items of a pattern, in which `gap` stands for any number of items, fit all of a text.
///
/// Only the last gap seen is ever made longer: whatever a longer earlier one could reach, it reaches too.
fn fits_with_gaps<I>(
    mut pattern: I,
    mut text: I,
    gap: &I::Item,
    fits: impl Fn(&I::Item, &I::Item) -> bool,
) -> bool
where
    I: Iterator + Clone,
    I::Item: PartialEq,
{
    let mut last_gap: Option<(I, I)> = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some(part), _) if part == *gap => {
                text = here;
                last_gap = Some((pattern.clone(), text.clone()));
            }
            (Some(part), Some(piece)) if fits(&part, &piece) => {}
            _ => {
                let Some((after, within)) = &mut last_gap else { return false };
                if within.next().is_none() {
                    return false;
                }
                pattern = after.clone();
                text = within.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stays_in_its_segment_and_two_stars_take_whole_ones() {
        for (pattern, path) in [
            ("/shops", "/shops"),
            ("/shops/*", "/shops/1"),
            ("/shops/*", "/shops/"),
            ("/shops/*/items", "/shops/1/items"),
            ("/shops/eu-*-x*", "/shops/eu-1-2-x"),
            ("/*a*b", "/aabab"),
            ("**", ""),
            ("/**", "/"),
            ("/shops/**", "/shops"),
            ("/shops/**", "/shops/1/items/2"),
            ("/**/items/*", "/items/2"),
            ("/**/items/*", "/a/items/b/items/2"),
            ("/**/a/**/b", "/x/a/b/a/b"),
            ("/shops/{id}", "/shops/{id}"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/shops", "/shops/"),
            ("/shops", "/Shops"),
            ("/shops/*", "/shops"),
            ("/shops/*", "/shops/1/items"),
            ("/*a*b", "/abba"),
            ("/shops/**", "/shopsandmore"),
            ("/**/items/*", "/items/2/3"),
            ("/**/a/**/b", "/x/b/a"),
            ("", "/"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = format!("/{}b/{}", "*a".repeat(250), "**/a/".repeat(100));
        let path = "a".repeat(8192);
        assert!(!fits(&pattern, &format!("/{path}")));
        assert!(!fits(&format!("{}c", "**/a*a/".repeat(70)), &"aaaa/".repeat(1600)));
    }

    proptest! {
        #[test]
        fn it_fits_what_a_regular_expression_fits(
            pattern in "/(\\*\\*|[ab*]{0,3})(/(\\*\\*|[ab]{0,2}\\*?)){0,4}",
            path in "(/[ab]{0,3}){1,5}",
        ) {
            let segments: String = pattern[1..].split('/').map(|segment| match segment {
                "**" => "(/[^/]*)*".to_owned(),
                text => format!("/{}", text.replace('*', "[^/]*")),
            }).collect();
            let second = regex::Regex::new(&format!("^{segments}$")).unwrap();
            prop_assert_eq!(fits(&pattern, &path), second.is_match(&path));
        }
    }
}
