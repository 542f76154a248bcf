import Platform
import Testing

@Suite struct TemporaryDirectoryTests {
    @Test func theNextRemovesWhatADeadOwnerLeftAndNothingElse() throws {
        let prefix = "knxrig-held-\(UInt32.random(in: 0 ... .max))-"
        let living = try TemporaryDirectory(heldWithPrefix: prefix)
        defer { living.remove() }
        let dead = try TemporaryDirectory(heldWithPrefix: prefix)
        try Files.makeDirectories(dead.path + "/data/deep")
        try Files.write([1], to: dead.path + "/data/deep/file")
        let withoutLock = try TemporaryDirectory(prefix: prefix)
        defer { withoutLock.remove() }
        let other = try TemporaryDirectory(heldWithPrefix: prefix + "x")
        other.forsake()

        try TemporaryDirectory(heldWithPrefix: prefix).remove()
        #expect(Files.exists(dead.path), "its owner lives")
        dead.forsake()
        try TemporaryDirectory(heldWithPrefix: prefix).remove()

        #expect(!Files.exists(dead.path))
        #expect(Files.exists(living.path))
        #expect(Files.exists(withoutLock.path), "nothing says that it was ever held")
        #expect(Files.exists(other.path), "its prefix is another")
        try TemporaryDirectory(heldWithPrefix: prefix + "x").remove()
        #expect(!Files.exists(other.path))
    }
}
