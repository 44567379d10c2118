//! Texts: by format, by pattern, by the name of the property, and as long as they have to be.
//!
//! Owns what each format looks like. Must not know objects, lists or alternatives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;

use super::merged::MergedSchema;
use super::pattern::PatternSampler;
use super::plausible::TextKind;
use super::{plausible, words};
use crate::ids::Dice;
use crate::openapi::Schemas;

/// Longest text that is made up, in characters: 64 KiB of ASCII. Larger ones are files, and no samples.
pub(super) const TEXT_MAX: usize = 1 << 16;
/// Texts that are made from a pattern before it is given up: one with lookaround may refuse most of them.
const DRAWN_MAX: usize = 100;

/// Texts that are put together from one of a format and one of a pattern, at most: each is held against both, which takes
/// microseconds.
const STITCHED_MAX: usize = 20_000;
/// Texts of one pattern that are put together with those of a format.
const STITCHED_OF_MAX: usize = 12;

/// Names around a text.
#[derive(Clone, Copy)]
pub(super) struct NameHint<'n> {
    /// The name of the property.
    pub(super) name: &'n str,
    /// The name of what holds it.
    pub(super) owner: &'n str,
}

/// Style of a text.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// It looks like what its name says.
    pub(super) is_rich: bool,
    /// It has letters of its own, because the usual words are used up.
    pub(super) is_varied: bool,
}

/// A text that all schemas allow.
pub(super) fn text(
    schemas: &Schemas,
    merged: &MergedSchema<'_>,
    spot: NameHint<'_>,
    Manner { is_rich: rich, is_varied }: Manner,
    dice: &mut Dice,
) -> Result<String, String> {
    let (least, most) = (merged.least("minLength"), merged.most("maxLength"));
    if least > TEXT_MAX {
        return Err(format!("a text of {least} characters is longer than {TEXT_MAX}"));
    }
    if least > most {
        return Err(format!("no text has at least {least} and at most {most} characters"));
    }
    let patterns: Vec<&str> = merged.texts("pattern").collect();
    let encoded = merged.texts("contentEncoding").any(|encoding| encoding == "base64");
    let format = merged.texts("format").next().or(encoded.then_some("byte"));
    let matches = |text: &str| {
        let count = text.chars().count();
        let value = serde_json::Value::String(text.to_owned());
        (least..=most).contains(&count)
            && patterns.iter().all(|pattern| {
                schemas.pattern(pattern).is_none_or(|validator| validator.is_valid(&value))
            })
    };
    let of_format = format.filter(|_| !patterns.is_empty()).and_then(|one| schemas.format(one));
    let fits = |text: &str| {
        let value = || serde_json::Value::String(text.to_owned());
        matches(text) && of_format.as_ref().is_none_or(|validator| validator.is_valid(&value()))
    };
    let mut made = TextMaker { least, most, spot, dice };
    let tries = if patterns.is_empty() { 1 } else { 1 + DRAWN_MAX };
    let mut of_kind = (0..tries).map_while(|_| made.formatted(format?, rich));
    if let Some(text) = of_kind.find(|text| fits(text)) {
        return Ok(if is_varied { made.varied(text, format) } else { text });
    }
    if patterns.is_empty() {
        if format.is_some_and(is_strict) {
            return Err(format!(
                "no text of format `{}` has {least} to {most} characters",
                format.unwrap_or_default()
            ));
        }
        let text = made.plain(rich);
        return Ok(if is_varied { made.varied(text, None) } else { text });
    }
    let named = if rich { made.plain(true) } else { String::new() };
    if rich && fits(&named) {
        return Ok(named);
    }
    let drawn = match drawn(&patterns, &mut made, &fits) {
        Ok(text) => return Ok(text),
        Err(drawn) => drawn,
    };
    let both = format.and_then(|format| made.stitched(format, &drawn, &fits));
    // What is of the pattern and not of the format is nearer than nothing.
    both.or_else(|| drawn.into_iter().find(|text| matches(text)))
        .ok_or_else(|| format!("no text was found that matches `{}`", patterns.join("` and `")))
}

/// A text made from one of the patterns that fits all there is, or those that were made and do not.
fn drawn(
    patterns: &[&str],
    made: &mut TextMaker<'_>,
    fits: &dyn Fn(&str) -> bool,
) -> Result<String, Vec<String>> {
    let mut drawn = Vec::new();
    for likeness in patterns.iter().filter_map(|pattern| PatternSampler::parse(pattern)) {
        for _ in 0..DRAWN_MAX {
            let text = likeness.text(made.least, made.most, made.dice);
            if fits(&text) {
                return Ok(text);
            }
            drawn.push(text);
        }
    }
    Err(drawn)
}

/// Formats whose texts cannot be cut or stretched.
fn is_strict(format: &str) -> bool {
    matches!(
        format,
        "date"
            | "date-time"
            | "time"
            | "duration"
            | "email"
            | "idn-email"
            | "hostname"
            | "idn-hostname"
            | "ipv4"
            | "ipv6"
            | "uri"
            | "uri-reference"
            | "iri"
            | "iri-reference"
            | "uri-template"
            | "uuid"
            | "byte"
            | "json-pointer"
            | "relative-json-pointer"
            | "regex"
    )
}

struct TextMaker<'m> {
    least: usize,
    most: usize,
    spot: NameHint<'m>,
    dice: &'m mut Dice,
}

impl TextMaker<'_> {
    /// A text of a format; `None` for one that says nothing about its texts.
    fn formatted(&mut self, format: &str, rich: bool) -> Option<String> {
        let name = self.spot.name;
        Some(match format {
            "date" => self.date(name),
            "date-time" => self.moment(name),
            "time" => self.time(),
            "duration" => format!("PT{}M", 5 + self.dice.below(50)),
            "email" | "idn-email" => {
                let email = self.kind(TextKind::Email);
                self.stretched_email(email)
            }
            "hostname" | "idn-hostname" => self.stretched(TextKind::Host, "", ".example"),
            "ipv4" => self.kind(TextKind::Ip),
            "ipv6" => format!("2001:db8::{:x}", 1 + self.dice.below(0xffff)),
            "uri" | "iri" | "url" => {
                let kind = plausible::text(name, "");
                let kind =
                    if rich && kind == TextKind::Image { TextKind::Image } else { TextKind::Url };
                self.stretched(kind, if self.most < 14 { "a:" } else { "https://a.co/" }, "")
            }
            "uri-reference" | "iri-reference" => self.stretched(TextKind::Slug, "/", ""),
            "uri-template" => "https://example.com/items/{id}".to_owned(),
            "uuid" => self.kind(TextKind::Uuid),
            "byte" => self.base64(),
            "json-pointer" => format!("/{}", self.noun()),
            "relative-json-pointer" => format!("1/{}", self.noun()),
            "regex" => "^[a-z]+$".to_owned(),
            "password" => {
                let kind = TextKind::Token;
                let text = self.kind(kind);
                self.sized(text)
            }
            other if rich => match plausible::text(other, "") {
                TextKind::Word => return None,
                kind => {
                    let text = self.kind(kind);
                    self.sized(text)
                }
            },
            _ => return None,
        })
    }

    /// A text of a format that patterns ask for parts of: one of the usual ways to write the format, or what a pattern
    /// asks for in the place of a part of it.
    fn stitched(
        &mut self,
        format: &str,
        drawn: &[String],
        fits: &dyn Fn(&str) -> bool,
    ) -> Option<String> {
        let shapes = self.shapes(format);
        if let Some(text) = shapes.iter().find(|text| fits(text)) {
            return Some(text.clone());
        }
        let mut parts: Vec<&String> = Vec::new();
        for text in drawn {
            if !parts.contains(&text) && parts.len() < STITCHED_OF_MAX {
                parts.push(text);
            }
        }
        let places = |shape: &String| {
            let length = shape.len();
            // At the start, then at the end, then in between.
            let start = (0..=length).map(|to| (0, to));
            let end = (0..=length).rev().map(move |from| (from, length));
            let inside = (1..length).flat_map(move |from| (from..length).map(move |to| (from, to)));
            start.chain(end).chain(inside).collect::<Vec<_>>()
        };
        let pairs = shapes.iter().flat_map(|shape| parts.iter().map(move |part| (shape, *part)));
        pairs
            .flat_map(|(shape, part)| places(shape).into_iter().map(move |at| (shape, part, at)))
            .filter(|(shape, _, (from, to))| {
                shape.is_char_boundary(*from) && shape.is_char_boundary(*to)
            })
            .map(|(shape, part, (from, to))| format!("{}{part}{}", &shape[..from], &shape[to..]))
            .take(STITCHED_MAX)
            .find(|text| fits(text))
    }

    /// The usual ways to write a format.
    fn shapes(&mut self, format: &str) -> Vec<String> {
        let name = self.spot.name;
        match format {
            "date-time" | "time" => {
                let time = self.time();
                let time = time.trim_end_matches('Z');
                let date =
                    if format == "time" { String::new() } else { format!("{}T", self.date(name)) };
                let ends = ["Z", ".125Z", "+00:00", ".125+00:00", ".125000Z", "+02:00"];
                ends.iter().map(|end| format!("{date}{time}{end}")).collect()
            }
            "uri" | "iri" | "url" | "uri-reference" | "iri-reference" => {
                let (host, path) = (self.kind(TextKind::Host), self.noun());
                vec![
                    format!("https://{host}/{path}"),
                    format!("https://{host}/"),
                    format!("http://{host}/{path}"),
                    format!("https://{host}"),
                    format!("https://{host}:8443/{path}?page=2#top"),
                    format!("ftp://{host}/{path}.txt"),
                    format!("urn:example:{path}"),
                    format!("mailto:{path}@{host}"),
                ]
            }
            "duration" => ["PT30M", "P1D", "P1Y2M3DT4H5M6S", "P2W", "PT1H", "P1M", "PT0S"]
                .map(str::to_owned)
                .into(),
            "uuid" => {
                let uuid = self.uuid();
                vec![uuid.to_uppercase(), uuid]
            }
            "ipv6" => ["2001:db8::1", "2001:db8:0:0:0:0:0:1", "fe80::1", "::1", "::ffff:192.0.2.1"]
                .map(str::to_owned)
                .into(),
            "hostname" | "idn-hostname" => {
                vec![
                    self.kind(TextKind::Host),
                    format!("{}.org", self.noun()),
                    self.noun().to_owned(),
                ]
            }
            format => self.formatted(format, false).into_iter().collect(),
        }
    }

    /// A text of no format: what the name suggests, cut or stretched to be as long as it has to be.
    fn plain(&mut self, rich: bool) -> String {
        let kind =
            if rich { plausible::text(self.spot.name, self.spot.owner) } else { TextKind::Word };
        let text = match kind {
            TextKind::Email => {
                let email = self.kind(kind);
                self.stretched_email(email)
            }
            TextKind::Status | TextKind::State if self.spot.name == "state" && self.most < 4 => {
                "CA".to_owned()
            }
            TextKind::Country if self.most <= 3 => self.kind(TextKind::CountryCode),
            _ => self.kind(kind),
        };
        self.sized(text)
    }

    /// A text with letters of its own, where its format has a place for them and it does not become too long.
    fn varied(&mut self, text: String, format: Option<&str>) -> String {
        let own = self.letters(6);
        let varied = match format {
            Some("hostname" | "idn-hostname") => format!("{own}.{text}"),
            Some("uri" | "iri" | "url" | "uri-reference" | "iri-reference") => {
                format!("{text}/{own}")
            }
            _ if text.contains('@') => text.replacen('@', &format!("+{own}@"), 1),
            Some(format) if is_strict(format) => return text,
            _ if text.len() + 7 <= self.most => format!("{text}-{own}"),
            _ => own.repeat(self.most.div_ceil(6)).chars().take(self.most).collect(),
        };
        if varied.len() > self.most { text } else { varied }
    }

    /// Cut after as many characters as may be, or followed by words until it is long enough.
    fn sized(&mut self, text: String) -> String {
        let mut text = text;
        let mut count = text.chars().count();
        while count < self.least {
            let word = self.noun();
            text.push(if count == 0 { 'a' } else { ' ' });
            text.push_str(word);
            count += 1 + word.len();
        }
        if count > self.most {
            let least = self.least;
            text = text.chars().take(self.most).collect();
            let trimmed = text.trim_end();
            if trimmed.chars().count() >= least {
                text.truncate(trimmed.len());
            }
        }
        text
    }

    /// An address with as many characters before the `@` as it takes.
    fn stretched_email(&mut self, email: String) -> String {
        let count = email.len();
        if count > self.most {
            return if self.most < 11 {
                "a@b.co".to_owned()
            } else {
                format!("{}@b.co", self.letters(3))
            };
        }
        if count >= self.least {
            return email;
        }
        // 64 characters are the most that may be before the `@`; the rest goes into the domain.
        let before = (self.least.saturating_sub(12)).clamp(1, 60);
        let mut domain = String::from("example.com");
        while before + 1 + domain.len() < self.least {
            domain = format!("{}.{domain}", self.letters(30));
        }
        let email = format!("{}@{domain}", self.letters(before));
        if email.len() > self.most { email[email.len() - self.most..].to_owned() } else { email }
    }

    /// Of this kind if it is short and long enough; else letters between two ends.
    fn stretched(&mut self, kind: TextKind, before: &str, after: &str) -> String {
        let text = self.kind(kind);
        let text = if kind == TextKind::Slug { format!("{before}{text}") } else { text };
        if (self.least..=self.most).contains(&text.len()) {
            return text;
        }
        let around = before.len() + after.len();
        let wanted = self.least.max(around + 1).min(self.most.max(1));
        let mut middle = self.letters(wanted.saturating_sub(around).max(1));
        if kind == TextKind::Host {
            // A label has at most 63 characters.
            for at in (30..middle.len().saturating_sub(1)).step_by(40) {
                middle.replace_range(at..=at, ".");
            }
            if wanted <= after.len() {
                return self.letters(wanted);
            }
        }
        format!("{before}{middle}{after}")
    }

    fn base64(&mut self) -> String {
        let groups = self.least.div_ceil(4).max(if self.most < 16 { self.most / 4 } else { 4 });
        let bytes = self.dice.bytes(groups * 3);
        STANDARD.encode(bytes)
    }

    fn letters(&mut self, count: usize) -> String {
        let letter = |dice: &mut Dice| char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0));
        (0..count).map(|_| letter(self.dice)).collect()
    }

    fn digits(&mut self, count: u64) -> String {
        let digit = |dice: &mut Dice, least: u64| (least + dice.below(10 - least)).to_string();
        (0..count).map(|at| digit(self.dice, u64::from(at == 0))).collect()
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.dice.below(list.len() as u64)).unwrap_or(0)]
    }

    fn noun(&mut self) -> &'static str {
        self.pick(&words::NOUNS)
    }

    fn kind(&mut self, kind: TextKind) -> String {
        match kind {
            TextKind::Date => self.date(self.spot.name),
            TextKind::DateTime => self.moment(self.spot.name),
            TextKind::Time => self.time(),
            TextKind::Digits(count) => self.digits(count),
            TextKind::Phone => format!("+1 555 01{}", self.digits(2)),
            TextKind::Zip => self.digits(5),
            TextKind::Street => {
                format!("{} {}", 1 + self.dice.below(200), self.pick(&words::STREETS))
            }
            TextKind::Token => self.letters(24),
            TextKind::Uuid => self.uuid(),
            TextKind::Version => format!(
                "{}.{}.{}",
                1 + self.dice.below(5),
                self.dice.below(10),
                self.dice.below(10)
            ),
            // TEST-NET-1 of RFC 5737.
            TextKind::Ip => format!("192.0.2.{}", 1 + self.dice.below(254)),
            _ => self.named(kind),
        }
    }

    fn named(&mut self, kind: TextKind) -> String {
        let lower = |text: &str| text.to_lowercase();
        match kind {
            TextKind::FirstName => self.pick(&words::FIRST_NAMES).to_owned(),
            TextKind::LastName => self.pick(&words::LAST_NAMES).to_owned(),
            TextKind::FullName => {
                format!("{} {}", self.pick(&words::FIRST_NAMES), self.pick(&words::LAST_NAMES))
            }
            TextKind::Email => format!(
                "{}.{}@example.com",
                lower(self.pick(&words::FIRST_NAMES)),
                lower(self.pick(&words::LAST_NAMES))
            ),
            TextKind::Username => {
                format!("{}{}", lower(self.pick(&words::FIRST_NAMES)), self.digits(2))
            }
            TextKind::Company => {
                format!("{} {}", self.pick(&words::COMPANIES), self.pick(&words::COMPANY_KINDS))
            }
            TextKind::Job => self.pick(&words::JOBS).to_owned(),
            TextKind::City => self.pick(&words::CITIES).to_owned(),
            TextKind::State => self.pick(&words::STATES).to_owned(),
            TextKind::Country => self.pick(&words::COUNTRIES).1.to_owned(),
            TextKind::CountryCode => self.pick(&words::COUNTRIES).0.to_owned(),
            TextKind::Currency => self.pick(&words::CURRENCIES).to_owned(),
            TextKind::Locale => self.pick(&words::LOCALES).to_owned(),
            TextKind::TimeZone => self.pick(&words::TIME_ZONES).to_owned(),
            TextKind::Color => self.pick(&words::COLORS).to_owned(),
            TextKind::Status => self.pick(&words::STATUSES).to_owned(),
            TextKind::MediaType => self.pick(&words::MEDIA_TYPES).to_owned(),
            TextKind::Extension => self.pick(&words::EXTENSIONS).to_owned(),
            TextKind::FileName => format!("{}.{}", self.noun(), self.pick(&words::EXTENSIONS)),
            TextKind::Host => format!("{}.example.com", self.noun()),
            TextKind::Url => format!("https://example.com/{}", self.noun()),
            TextKind::Image => format!("https://example.com/images/{}.png", self.noun()),
            TextKind::Slug => format!("{}-{}", self.pick(&words::ADJECTIVES), self.noun()),
            TextKind::Phrase => self.pick(&words::PHRASES).to_owned(),
            TextKind::Title | TextKind::Name => {
                let text = format!("{} {}", self.pick(&words::ADJECTIVES), self.noun());
                text[..1].to_uppercase() + &text[1..]
            }
            _ => self.noun().to_owned(),
        }
    }

    fn uuid(&mut self) -> String {
        let mut bytes = self.dice.bytes(16);
        // RFC 9562, section 5.4.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex =
            format!("{:032x}", bytes.iter().fold(0_u128, |all, one| all << 8 | u128::from(*one)));
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    fn date(&mut self, name: &str) -> String {
        let (first, last) = plausible::years(name);
        let small = |number: u64| i8::try_from(number).unwrap_or(1);
        let year =
            first + i16::from(small(self.dice.below(u64::from((last - first).unsigned_abs()) + 1)));
        let (month, day) = (1 + small(self.dice.below(12)), 1 + small(self.dice.below(28)));
        Date::new(year, month, day)
            .map_or_else(|_| "2025-01-01".to_owned(), |date| date.to_string())
    }

    fn time(&mut self) -> String {
        let (hour, minute, second) =
            (8 + self.dice.below(12), self.dice.below(60), self.dice.below(60));
        format!("{hour:02}:{minute:02}:{second:02}Z")
    }

    fn moment(&mut self, name: &str) -> String {
        format!("{}T{}", self.date(name), self.time())
    }
}
