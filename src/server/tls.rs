//! Who the server is to those who call it by HTTPS: a certificate and its key, given or made.
//!
//! Must not know what is said under TLS.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::CertificateParams;
use rcgen::DistinguishedName;
use rcgen::DnType;
use rcgen::ExtendedKeyUsagePurpose;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use tokio_rustls::rustls;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use crate::clock::system_now;

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
        wanted: Wanted,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file has nothing of the kind.
    #[error("`{}` has no {wanted} in PEM: it needs a section that begins with `{}`", path.display(), wanted.section())]
    Missing {
        /// What it should have.
        wanted: Wanted,
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
        wanted: Wanted,
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Each is there, but they cannot be used together.
    #[error("the certificate in `{}` and the key in `{}` cannot be used: {source}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
    /// A certificate cannot be made for this name.
    #[error("`{name}` is not a host name that a certificate can be made for")]
    Name {
        /// As given.
        name: String,
        /// What is wrong with it.
        source: rcgen::Error,
    },
    /// No certificate can be made at all.
    #[error("cannot make a certificate: {0}")]
    Unmade(String),
}

/// What a file should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The certificate, and those that lead to its authority.
    Certificate,
    /// Its private key.
    Key,
}

impl Wanted {
    fn section(self) -> &'static str {
        match self {
            Self::Certificate => "-----BEGIN CERTIFICATE-----",
            Self::Key => "-----BEGIN PRIVATE KEY-----",
        }
    }
}

impl fmt::Display for Wanted {
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
    certificate_pem: String,
}

impl fmt::Debug for Identity {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
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
        Self::new(chain, key_der, pem).map_err(|source| {
            let (certificate, key) = (certificate.to_owned(), key.to_owned());
            vec![IdentityError::Unusable { certificate, key, source }]
        })
    }

    /// Makes a certificate that is its own authority, for `localhost`, the loopback addresses and `names`: host names
    /// and addresses, with or without the brackets of IPv6. Addresses that mean all addresses are left out.
    pub fn self_signed(names: &[String]) -> Result<Self, IdentityError> {
        let mut params = CertificateParams::default();
        let always = ["localhost", "127.0.0.1", "::1"];
        for name in always.into_iter().chain(names.iter().map(|name| bare(name))) {
            if name.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified()) {
                continue;
            }
            // Told apart from addresses by rcgen.
            let one = CertificateParams::new([name.to_owned()])
                .map_err(|source| IdentityError::Name { name: name.to_owned(), source })?;
            for alternative in one.subject_alt_names {
                if !params.subject_alt_names.contains(&alternative) {
                    params.subject_alt_names.push(alternative);
                }
            }
        }
        describe(&mut params);
        let unmade = |error: &dyn fmt::Display| IdentityError::Unmade(error.to_string());
        let key = KeyPair::generate().map_err(|error| unmade(&error))?;
        let certificate = params.self_signed(&key).map_err(|error| unmade(&error))?;
        let key_der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self::new(vec![certificate.der().clone()], key_der, certificate.pem())
            .map_err(|error| unmade(&error))
    }

    /// What a client must trust to call this server, in PEM: of a self-signed identity its certificate. A given one is
    /// as it was in its file, and what clients trust may be its authority's instead.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        certificate_pem: String,
    ) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self { config: Arc::new(config), certificate_pem })
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

/// Who it is, from when to when, and for what.
fn describe(params: &mut CertificateParams) {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "tombstone (self-signed)");
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let start = rcgen::date_time_ymd(1970, 1, 1);
    let now = Duration::from_secs(system_now().0.unsigned_abs() / 1000);
    // A day early: clocks of containers and virtual machines differ.
    params.not_before = start + now.saturating_sub(DAY);
    params.not_after = start + now + DAY * (VALID_DAYS - 1);
}

fn read_chain(path: &Path) -> Result<(Vec<CertificateDer<'static>>, String), IdentityError> {
    let wanted = Wanted::Certificate;
    let text = read(path, wanted)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| malformed(path, wanted, &error))?;
    if chain.is_empty() {
        return Err(IdentityError::Missing { wanted, path: path.to_owned() });
    }
    Ok((chain, String::from_utf8_lossy(&text).into_owned()))
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let wanted = Wanted::Key;
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

fn read(path: &Path, wanted: Wanted) -> Result<Vec<u8>, IdentityError> {
    std::fs::read(path).map_err(|source| IdentityError::Unreadable {
        wanted,
        path: path.to_owned(),
        source,
    })
}

fn malformed(path: &Path, wanted: Wanted, error: &pem::Error) -> IdentityError {
    IdentityError::Malformed { wanted, path: path.to_owned(), problem: error.to_string() }
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}
