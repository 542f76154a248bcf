import CSodium
import Events
import Glibc
public import Platform

/// SHA-256 (FIPS 180-4) as libsodium computes it.
public enum SHA256 {
    /// The digest of `octets` as 64 lower-case hex digits.
    public static func text(_ octets: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe crypto_hash_sha256(&digest, octets, UInt64(octets.count))
        return Hex.text(digest)
    }
}

/// A file's identity: its size and digest at the time it was read. Names builds of systems and of the rig itself in a plan.
public struct HashedFile: Hashable, Sendable {
    public var path: String
    /// Size in octets.
    public var size: Int64
    /// SHA-256 as 64 lower-case hex digits.
    public var sha256: String

    /// Reads and digests a file piece by piece.
    ///
    /// - Throws: what the system says to opening or reading it.
    public init(path: String) throws(SystemFailure) {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", path) }
        let file = Descriptor(owning: number)
        var state = crypto_hash_sha256_state()
        unsafe crypto_hash_sha256_init(&state)
        var size: Int64 = 0
        do {
            while let octets = try file.read(maximum: 1 << 18), !octets.isEmpty {
                unsafe crypto_hash_sha256_update(&state, octets, UInt64(octets.count))
                size += Int64(octets.count)
            }
        } catch {
            throw SystemFailure("read", path, code: error.code)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe crypto_hash_sha256_final(&state, &digest)
        self.path = path
        self.size = size
        sha256 = Hex.text(digest)
    }
}
