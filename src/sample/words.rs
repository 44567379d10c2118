//! The words that made-up values consist of.
//!
//! Owns plain lists. Must not know what they are used for.

pub(super) const FIRST_NAMES: [&str; 24] = [
    "Ada", "Alan", "Amina", "Ben", "Chloe", "Daniel", "Elena", "Emma", "Felix", "Grace", "Hugo",
    "Ines", "Jonas", "Julia", "Kenji", "Lena", "Liam", "Maya", "Noah", "Olivia", "Priya", "Sam",
    "Sofia", "Tom",
];
pub(super) const LAST_NAMES: [&str; 24] = [
    "Adams", "Baker", "Brown", "Clark", "Costa", "Evans", "Fischer", "Garcia", "Hall", "Ito",
    "Jensen", "Kelly", "Khan", "Lopez", "Martin", "Meyer", "Novak", "Okafor", "Patel", "Rossi",
    "Silva", "Turner", "Weber", "Young",
];
pub(super) const CITIES: [&str; 16] = [
    "Amsterdam",
    "Berlin",
    "Boston",
    "Chicago",
    "Denver",
    "Dublin",
    "Helsinki",
    "Lisbon",
    "London",
    "Madrid",
    "Melbourne",
    "Oslo",
    "Paris",
    "Seattle",
    "Toronto",
    "Vienna",
];
pub(super) const STATES: [&str; 12] = [
    "California",
    "Colorado",
    "Florida",
    "Georgia",
    "Illinois",
    "Maine",
    "Nevada",
    "Ohio",
    "Oregon",
    "Texas",
    "Utah",
    "Vermont",
];
pub(super) const COUNTRIES: [(&str, &str); 16] = [
    ("AT", "Austria"),
    ("AU", "Australia"),
    ("BR", "Brazil"),
    ("CA", "Canada"),
    ("DE", "Germany"),
    ("DK", "Denmark"),
    ("ES", "Spain"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("IE", "Ireland"),
    ("IT", "Italy"),
    ("JP", "Japan"),
    ("NL", "Netherlands"),
    ("PT", "Portugal"),
    ("US", "United States"),
];
pub(super) const STREETS: [&str; 12] = [
    "Bridge Street",
    "Cedar Lane",
    "Church Road",
    "Elm Street",
    "Garden Avenue",
    "Harbour Road",
    "High Street",
    "Lake Drive",
    "Main Street",
    "Mill Road",
    "Oak Avenue",
    "Station Road",
];
pub(super) const COMPANIES: [&str; 12] = [
    "Alder",
    "Beacon",
    "Bluefield",
    "Cascade",
    "Fairview",
    "Harbour",
    "Juniper",
    "Meridian",
    "Northwind",
    "Pinewood",
    "Redstone",
    "Summit",
];
pub(super) const COMPANY_KINDS: [&str; 6] = ["Group", "Inc.", "Labs", "Ltd", "Partners", "Works"];
pub(super) const JOBS: [&str; 10] = [
    "Accountant",
    "Analyst",
    "Designer",
    "Developer",
    "Editor",
    "Engineer",
    "Office Lead",
    "Product Owner",
    "Sales Lead",
    "Teacher",
];
pub(super) const CURRENCIES: [&str; 8] = ["AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "SEK", "USD"];
pub(super) const LOCALES: [&str; 8] =
    ["de-DE", "en-GB", "en-US", "es-ES", "fr-FR", "it-IT", "ja-JP", "nl-NL"];
pub(super) const TIME_ZONES: [&str; 8] = [
    "America/Chicago",
    "America/New_York",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "UTC",
];
pub(super) const COLORS: [&str; 10] =
    ["black", "blue", "green", "grey", "orange", "purple", "red", "teal", "white", "yellow"];
pub(super) const STATUSES: [&str; 5] = ["active", "completed", "draft", "open", "pending"];
pub(super) const MEDIA_TYPES: [&str; 5] =
    ["application/json", "application/pdf", "image/jpeg", "image/png", "text/plain"];
pub(super) const EXTENSIONS: [&str; 5] = ["csv", "jpg", "pdf", "png", "txt"];
pub(super) const PHRASES: [&str; 12] = [
    "A short walk along the river",
    "An offer for the whole team",
    "Early in the morning by the sea",
    "Fresh from the garden",
    "Made to last for years",
    "Notes from the last meeting",
    "Ready when you are",
    "Simple and sturdy",
    "The first of its kind",
    "The merged from the hill",
    "Thanks for the quick answer",
    "What to know before you start",
];
pub(super) const ADJECTIVES: [&str; 16] = [
    "amber", "bright", "calm", "clear", "early", "gentle", "golden", "green", "light", "little",
    "merry", "quiet", "quick", "silver", "steady", "warm",
];
pub(super) const NOUNS: [&str; 24] = [
    "anchor", "apple", "basket", "bridge", "candle", "cloud", "forest", "garden", "harbour",
    "island", "lamp", "lantern", "meadow", "mountain", "orchard", "paper", "pencil", "pebble",
    "river", "sparrow", "table", "valley", "willow", "window",
];
