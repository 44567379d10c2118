//! Who the server is to those who call it by HTTPS: a certificate and its key, given or made.
//!
//! Must not know what is said under TLS.

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

use crate::clock::system_now;

/// So many bytes of a PEM file are read: many times a chain of certificates.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// How long a handshake may take; both sides compute for a millisecond or so.
pub const HANDSHAKE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How many days a self-signed certificate is valid: one is made at each start, and some clients refuse those of more
/// than 825 days.
const VALID_DAYS: u32 = 397;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What ALPN offers (RFC 7301), the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why there is no identity to serve TLS with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("cannot read `{}`, which should have the {wanted} in PEM", path.display())]
    Unreadable {
        /// What it should have.
        wanted: PemKind,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file has nothing of the kind.
    #[error("`{}` has no {wanted} in PEM: it needs a section that begins with `{}`", path.display(), wanted.section())]
    Missing {
        /// What it should have.
        wanted: PemKind,
        /// Which file.
        path: PathBuf,
    },
    /// A key is there, but only with a password.
    #[error(
        "the key in `{}` is encrypted: write it without a password (`openssl pkey -in KEY -out PLAIN`) and name that file",
        path.display()
    )]
    Encrypted {
        /// Which file.
        path: PathBuf,
    },
    /// A file is not PEM.
    #[error("`{}` is not the PEM that the {wanted} should be in: {problem}", path.display())]
    Malformed {
        /// What it should have.
        wanted: PemKind,
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Each is there, but they cannot be used together.
    #[error(
        "the certificate in `{}` and the key in `{}` cannot be used: {problem}",
        certificate.display(),
        key.display()
    )]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong with them.
        problem: String,
    },
    /// A certificate cannot be made for this name.
    #[error(
        "`{0}` is not a host name that a certificate can be made for: write it in ASCII, as DNS has it"
    )]
    Name(String),
    /// No certificate can be made at all.
    #[error("cannot make a certificate: {0}")]
    Unmade(String),
}

/// What a file should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemKind {
    /// The certificate, and those that lead to its authority.
    Certificate,
    /// Its private key.
    Key,
}

impl PemKind {
    fn section(self) -> &'static str {
        match self {
            Self::Certificate => "-----BEGIN CERTIFICATE-----",
            Self::Key => "-----BEGIN PRIVATE KEY-----",
        }
    }
}

impl fmt::Display for PemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
        })
    }
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
    trusted_pem: String,
}

impl fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("trusted_pem", &self.trusted_pem).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads a certificate, followed by those that lead to its authority, and its key: PKCS#8, PKCS#1 or SEC1.
    ///
    /// All that is wrong is said at once.
    pub fn from_pem_files(certificate: &Path, key: &Path) -> Result<Self, Vec<IdentityError>> {
        let (chain, pem, key_der) = match (read_chain(certificate), read_key(key)) {
            (Ok((chain, pem)), Ok(key)) => (chain, pem, key),
            (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
        };
        Self::new(chain, key_der, pem).map_err(|error| {
            let (certificate, key) = (certificate.to_owned(), key.to_owned());
            vec![IdentityError::Unusable { certificate, key, problem: problem_of(&error) }]
        })
    }

    /// Makes a certificate for `localhost`, the loopback addresses and `names`: host names and addresses, with or without
    /// the brackets of IPv6. Addresses that mean all addresses are left out.
    ///
    /// It is signed by an authority that is made for it, whose key is gone when this returns. (A certificate that is
    /// its own authority is refused by OpenSSL if it may not sign, and by rustls if it may.)
    pub fn self_signed(names: &[String]) -> Result<Self, IdentityError> {
        let mut params = params("tombstone");
        params.subject_alt_names = alternatives(names)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let made = || {
            let authority = authority()?;
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &authority)?;
            Ok((authority.pem(), certificate, key))
        };
        let unmade = |error: &dyn fmt::Display| IdentityError::Unmade(error.to_string());
        let (authority_pem, certificate, key) =
            made().map_err(|error: rcgen::Error| unmade(&error))?;
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self::new(vec![certificate.der().clone()], key, authority_pem)
            .map_err(|error| unmade(&error))
    }

    /// The certificate that a client must trust to call this server, in PEM. Of a given identity this is what its file
    /// has, which clients need only if they do not trust its authority.
    pub fn trusted_pem(&self) -> &str {
        &self.trusted_pem
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        trusted_pem: String,
    ) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self { config: Arc::new(config), trusted_pem })
    }

    /// What to speak TLS with.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// The same for those that are only told something, which is said in HTTP/1.
    pub(super) fn config_of_http_1(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config);
        config.alpn_protocols = vec![PROTOCOLS[1].to_vec()];
        Arc::new(config)
    }
}

/// A certificate of so many days.
fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let start = rcgen::date_time_ymd(1970, 1, 1);
    let now = Duration::from_secs(system_now().0.unsigned_abs() / 1000);
    // A day early: clocks of containers and virtual machines differ.
    params.not_before = start + now.saturating_sub(DAY);
    params.not_after = start + now + DAY * (VALID_DAYS - 1);
    params
}

/// Who signs one certificate.
fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = params("tombstone, made at its start");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

/// What a certificate is for, each once.
fn alternatives(names: &[String]) -> Result<Vec<SanType>, IdentityError> {
    let always = ["localhost", "127.0.0.1", "::1"];
    let mut alternatives = Vec::new();
    for name in always.into_iter().chain(names.iter().map(|name| bare(name))) {
        let alternative = match name.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => continue,
            Ok(address) => SanType::IpAddress(address),
            Err(_) => match name.try_into() {
                Ok(name) => SanType::DnsName(name),
                Err(_) => return Err(IdentityError::Name(name.to_owned())),
            },
        };
        if !alternatives.contains(&alternative) {
            alternatives.push(alternative);
        }
    }
    Ok(alternatives)
}

/// What rustls says of a certificate and a key, in words of who gave them.
fn problem_of(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "the key is not the certificate's".to_owned(),
        rustls::Error::InvalidCertificate(_) => "the certificate is not one of X.509".to_owned(),
        error => error.to_string(),
    }
}

fn read_chain(path: &Path) -> Result<(Vec<CertificateDer<'static>>, String), IdentityError> {
    let wanted = PemKind::Certificate;
    let text = read(path, wanted)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| malformed(path, wanted, &error))?;
    if chain.is_empty() {
        return Err(IdentityError::Missing { wanted, path: path.to_owned() });
    }
    Ok((chain, String::from_utf8_lossy(&text).into_owned()))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let wanted = PemKind::Key;
    let text = read(path, wanted)?;
    let encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound if text.windows(encrypted.len()).any(|part| part == encrypted) => {
            IdentityError::Encrypted { path: path.to_owned() }
        }
        pem::Error::NoItemsFound => IdentityError::Missing { wanted, path: path.to_owned() },
        error => malformed(path, wanted, &error),
    })
}

fn read(path: &Path, wanted: PemKind) -> Result<Vec<u8>, IdentityError> {
    let mut text = Vec::new();
    // A pipe is as good as a file, and a device may never end: what is cut off is malformed.
    let file = std::fs::File::open(path).map(|file| file.take(PEM_BYTES_MAX));
    file.and_then(|mut file| file.read_to_end(&mut text))
        .map_err(|source| IdentityError::Unreadable { wanted, path: path.to_owned(), source })?;
    Ok(text)
}

fn malformed(path: &Path, wanted: PemKind, error: &pem::Error) -> IdentityError {
    IdentityError::Malformed { wanted, path: path.to_owned(), problem: error.to_string() }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
