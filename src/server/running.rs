//! A server beside the program that starts it: for tests and other programs that have their own work to do.
//!
//! Must not know what is served.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::{io, thread};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::server::bind::BindError;
use crate::server::serving::{Server, Setup};

/// Two, so that an answer that takes long holds no other up, and a program can have many servers.
const WORKERS: usize = 2;

/// Why no server runs.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The system has no thread for it.
    #[error("cannot start a thread for the server")]
    Thread(#[source] io::Error),
}

/// A server on threads of its own, inside an asynchronous program or not.
///
/// Dropped, it is shut down and waited for; that takes as long as the requests it is answering, and at most
/// [`ServerLimits::shutdown_wait`](crate::server::ServerLimits::shutdown_wait).
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Listens as [`Server::bind`] does, then serves what `setup` makes of the address. When this returns, clients can
    /// connect.
    pub fn start(
        host: &str,
        port: u16,
        setup: impl FnOnce(SocketAddr) -> Setup,
    ) -> Result<Self, StartError> {
        let host = host.to_owned();
        let (tell, told) = mpsc::channel();
        let (give, given) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            let (runtime, server) = match listen(&host, port) {
                Ok(listening) => listening,
                Err(error) => return drop(tell.send(Err(error))),
            };
            drop(tell.send(Ok(server.address())));
            // Nothing comes if `setup` panicked.
            if let Ok(setup) = given.recv() {
                runtime.block_on(server.run(setup, async { drop(stopped.await) }));
            }
        };
        let name = "tombstone".to_owned();
        let thread = thread::Builder::new().name(name).spawn(run).map_err(StartError::Thread)?;
        let address = told.recv().expect("the thread tells how it went")?;
        drop(give.send(setup(address)));
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts shutting down, without waiting for the end of it.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the thread that had it.
            drop(thread.join());
        }
    }
}

fn listen(host: &str, port: u16) -> Result<(Runtime, Server), StartError> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("tombstone")
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let server = runtime.block_on(Server::bind(host, port))?;
    Ok((runtime, server))
}
