import CProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Hides the worker's secrets from the programs that it runs, which are the same user's.
package enum ProcessSecrecy {
    /// Takes a variable out of the environment, and its text out of the memory from which /proc shows it.
    ///
    /// To be called at the start, before other threads read the environment.
    package static func forget(variable name: String) {
        if let text = getenv(name) { memset(text, 0, strlen(text)) }
        unsetenv(name)
    }

    /// Has the kernel refuse other processes of the same user a look into this one.
    ///
    /// The superuser's programs can look anywhere: run a worker as another user.
    package static func seal() { _ = kaskman_set_dumpable(0) }
}
