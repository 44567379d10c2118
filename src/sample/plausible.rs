//! What a property is likely to hold, by its name.
//!
//! Owns the table of names. Must not know schemas: what is plausible here need not be allowed there.

use super::number::PlausibleRange;

/// Kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    City,
    Color,
    Company,
    Country,
    CountryCode,
    Currency,
    Date,
    DateTime,
    Digits(u64),
    Email,
    Extension,
    FileName,
    FirstName,
    FullName,
    Host,
    Image,
    Ip,
    Job,
    LastName,
    Locale,
    MediaType,
    Name,
    Phone,
    Phrase,
    Slug,
    State,
    Status,
    Street,
    Time,
    TimeZone,
    Title,
    Token,
    Url,
    Username,
    Uuid,
    Version,
    Word,
    Zip,
}

/// By the end of a name, in words joined by `_`; the first that fits.
const TEXTS: [(TextKind, &[&str]); 37] = [
    (TextKind::Email, &["email", "e_mail", "mail", "email_address", "idn_email"]),
    (TextKind::FirstName, &["first_name", "firstname", "given_name", "givenname", "middle_name"]),
    (TextKind::LastName, &["last_name", "lastname", "surname", "family_name", "familyname"]),
    (
        TextKind::Username,
        &["username", "user_name", "login", "nickname", "nick", "handle", "screen_name"],
    ),
    (
        TextKind::FullName,
        &[
            "full_name",
            "fullname",
            "display_name",
            "author",
            "owner",
            "assignee",
            "recipient",
            "created_by",
            "updated_by",
        ],
    ),
    (TextKind::FileName, &["file_name", "filename", "file"]),
    (TextKind::Host, &["hostname", "host_name", "host", "domain", "domain_name", "idn_hostname"]),
    (
        TextKind::Company,
        &[
            "company",
            "company_name",
            "organization",
            "organisation",
            "organization_name",
            "employer",
            "vendor",
            "brand",
            "manufacturer",
        ],
    ),
    (
        TextKind::Phone,
        &["phone", "phone_number", "phonenumber", "mobile", "telephone", "tel", "fax", "msisdn"],
    ),
    (TextKind::City, &["city", "town", "city_name", "locality"]),
    (TextKind::CountryCode, &["country_code", "countrycode", "country_iso", "nationality"]),
    (TextKind::Country, &["country", "country_name"]),
    (TextKind::State, &["province", "region", "county"]),
    (TextKind::Ip, &["ip", "ip_address", "ipaddress", "remote_addr", "ipv4"]),
    (
        TextKind::Street,
        &[
            "street",
            "address",
            "street_address",
            "address_line",
            "line1",
            "address1",
            "address_line1",
            "address_line_1",
        ],
    ),
    (TextKind::Zip, &["zip", "zip_code", "zipcode", "postal_code", "postalcode", "postcode"]),
    (
        TextKind::Image,
        &[
            "avatar",
            "avatar_url",
            "image",
            "image_url",
            "photo",
            "photo_url",
            "photo_urls",
            "picture",
            "thumbnail",
            "thumbnail_url",
            "logo",
            "logo_url",
            "icon",
            "icon_url",
        ],
    ),
    (
        TextKind::Url,
        &["url", "uri", "href", "link", "website", "homepage", "webhook", "callback", "urls"],
    ),
    (TextKind::Uuid, &["uuid", "guid"]),
    (TextKind::Currency, &["currency", "currency_code"]),
    (TextKind::Locale, &["locale", "language", "lang", "language_code"]),
    (TextKind::TimeZone, &["timezone", "time_zone", "tz"]),
    (TextKind::Color, &["color", "colour"]),
    (TextKind::Slug, &["slug", "permalink", "key"]),
    (TextKind::MediaType, &["mime_type", "mimetype", "content_type", "media_type"]),
    (TextKind::Extension, &["extension", "file_extension", "file_type"]),
    (TextKind::Version, &["version"]),
    (
        TextKind::Token,
        &[
            "token",
            "secret",
            "api_key",
            "apikey",
            "access_token",
            "password",
            "hash",
            "signature",
            "etag",
            "nonce",
            "cursor",
            "checksum",
            "sha",
        ],
    ),
    (TextKind::Status, &["status", "state"]),
    (TextKind::Job, &["job_title", "job", "position", "occupation", "role"]),
    (
        TextKind::DateTime,
        &[
            "created_at",
            "updated_at",
            "at",
            "timestamp",
            "created",
            "updated",
            "modified",
            "date_time",
            "datetime",
            "expires",
            "expiration",
        ],
    ),
    (TextKind::Date, &["date", "birthday", "birthdate", "dob", "on", "day"]),
    (TextKind::Time, &["time"]),
    (
        TextKind::Digits(8),
        &["id", "ids", "number", "reference", "account_number", "order_number", "sku", "code"],
    ),
    (TextKind::Title, &["title", "subject", "headline", "label", "caption"]),
    (
        TextKind::Phrase,
        &[
            "description",
            "summary",
            "body",
            "content",
            "text",
            "message",
            "comment",
            "comments",
            "note",
            "notes",
            "detail",
            "details",
            "bio",
            "about",
            "reason",
            "instructions",
        ],
    ),
    (TextKind::Name, &["name"]),
];

/// Words in the name of what holds a `name`: it is that of a person, of a company.
const PEOPLE: [&str; 20] = [
    "user",
    "person",
    "people",
    "customer",
    "contact",
    "owner",
    "author",
    "member",
    "employee",
    "patient",
    "client",
    "guest",
    "student",
    "teacher",
    "sender",
    "recipient",
    "assignee",
    "creator",
    "users",
    "customers",
];
const COMPANIES: [&str; 8] = [
    "company",
    "organization",
    "organisation",
    "vendor",
    "supplier",
    "merchant",
    "employer",
    "business",
];

/// Kind of text for this name; `owner` is the name of what holds it.
pub(super) fn text(name: &str, owner: &str) -> TextKind {
    let name = words(name);
    let found = TEXTS.iter().find(|(_, ends)| ends.iter().any(|end| ends_with(&name, end)));
    match found.map_or(TextKind::Word, |(kind, _)| *kind) {
        TextKind::Name if name == "name" => {
            let owner = words(owner);
            let is = |known: &[&str]| known.iter().any(|end| ends_with(&owner, end));
            match (is(&PEOPLE), is(&COMPANIES)) {
                (true, _) => TextKind::FullName,
                (_, true) => TextKind::Company,
                _ if ends_with(&owner, "city") => TextKind::City,
                _ if ends_with(&owner, "country") => TextKind::Country,
                _ => TextKind::Name,
            }
        }
        TextKind::Country if words(owner) == "countries" => TextKind::CountryCode,
        kind => kind,
    }
}

const fn range(least: i64, most: i64, decimals: u32) -> PlausibleRange {
    PlausibleRange { least, most, decimals }
}

/// Range of a number that nothing is known of.
const ANY: PlausibleRange = range(1, 1000, 2);
/// By the end of a name, as texts are. Points in time are seconds of 2023 to 2025.
const NUMBERS: [(PlausibleRange, &[&str]); 16] = [
    (range(-90, 90, 6), &["latitude", "lat"]),
    (range(-180, 180, 6), &["longitude", "lng", "lon", "long"]),
    (
        range(1, 500, 2),
        &[
            "price",
            "amount",
            "cost",
            "fee",
            "balance",
            "subtotal",
            "total_price",
            "total_amount",
            "tax",
            "discount",
        ],
    ),
    (range(1, 5, 1), &["rating", "stars"]),
    (range(0, 100, 1), &["percent", "percentage", "progress", "score"]),
    (range(0, 1, 2), &["probability", "ratio", "rate", "confidence"]),
    (range(18, 80, 0), &["age"]),
    (range(2020, 2025, 0), &["year"]),
    (range(1, 12, 0), &["month"]),
    (range(1, 28, 0), &["day"]),
    (
        range(1, 100, 0),
        &["count", "total", "quantity", "qty", "size", "limit", "per_page", "stock"],
    ),
    (range(1, 5, 0), &["page", "priority", "level", "version", "total_pages"]),
    (range(1024, 49151, 0), &["port"]),
    (range(100, 1920, 0), &["width", "height"]),
    (
        range(1_672_531_200, 1_767_225_599, 0),
        &["created", "updated", "modified", "timestamp", "at", "expires"],
    ),
    (range(1, 9999, 2), &["id", "ids", "number"]),
];

/// Likely range of a number of this name.
pub(super) fn number(name: &str) -> PlausibleRange {
    let name = words(name);
    let found = NUMBERS.iter().find(|(_, ends)| ends.iter().any(|end| ends_with(&name, end)));
    found.map_or(ANY, |(range, _)| *range)
}

/// The years that a point in time of this name is in: first and last.
pub(super) fn years(name: &str) -> (i16, i16) {
    let name = words(name);
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if has(&["birth", "dob"]) {
        (1960, 2004)
    } else if has(&[
        "expire",
        "expiry",
        "expiration",
        "due",
        "end",
        "until",
        "deadline",
        "valid_to",
    ]) {
        (2026, 2027)
    } else if has(&["update", "modif", "last_", "changed"]) {
        (2025, 2025)
    } else {
        (2023, 2024)
    }
}

fn ends_with(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('_'))
}

/// `createdAt`, `CreatedAt`, `created-at` and `created_at` are all `created_at`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut small = false;
    for one in name.chars() {
        if one.is_uppercase() && small {
            words.push('_');
        }
        small = one.is_lowercase() || one.is_ascii_digit();
        if one.is_alphanumeric() {
            words.extend(one.to_lowercase());
        } else if !words.ends_with('_') {
            words.push('_');
        }
    }
    words
}
