public import Events
import Glibc
public import Platform

/// A recording on disk that can be opened at any moment: a file appears under its name with its header in it, each frame is written whole and at once, and
/// what a full disk cut off is taken away again. One thread uses it.
public struct CaptureWriter {
    /// The file that is written now.
    public private(set) var path = ""
    /// Frames in all its files.
    public private(set) var frames = 0
    /// Files begun.
    public private(set) var files = 0

    private let directory: String
    private let name: String
    private let rotation: CaptureRotation
    private let interfaces: [String]
    private var stream = CaptureStream(unixOffsetNanoseconds: 0)
    private var descriptor: Descriptor?
    private var octets = 0
    private var begun = Instant(nanoseconds: 0)
    private var number = 0

    /// Begins the first file.
    ///
    /// - Parameters:
    ///   - interfaces: what frames will come from, so that a file without a frame has them too.
    ///   - overwrites: whether a file that is there already may be replaced; one of a rotation never is.
    public init(
        path: String, interfaces: [String], rotation: CaptureRotation = CaptureRotation(), overwrites: Bool = false
    ) throws(SystemFailure) {
        let slash = path.lastIndex(of: "/")
        directory = slash.map { String(path[...$0]) } ?? ""
        name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        self.rotation = rotation
        self.interfaces = interfaces
        if rotation.isOn {
            number = CaptureRotation.files(of: name, among: Files.entries(of: place)).last?.number ?? 0
        } else if !overwrites, Files.exists(path) {
            throw SystemFailure("begin a capture in", path, code: EEXIST)
        }
        try begin()
    }

    private var place: String { directory.isEmpty ? "." : directory }

    /// Writes the frames among `events`, and begins a new file where one is due.
    ///
    /// - Throws: a full disk, for one. All that was written before is in the file, and nothing of what was not.
    public mutating func write(_ events: [Event]) throws(SystemFailure) {
        for event in events {
            guard CaptureStream.interface(event) != nil else { continue }
            if rotation.isDue(octets: octets, since: begun, at: MonotonicClock.now()) { try begin() }
            try append(stream.packet(event))
            frames += 1
        }
    }

    /// Brings the file to the disk and closes it.
    public mutating func finish() throws(SystemFailure) {
        guard let open = descriptor else { return }
        descriptor = nil
        defer { open.close() }
        guard fsync(open.number) == 0 || errno == EINVAL else { throw SystemFailure("write", path) }
    }

    private mutating func begin() throws(SystemFailure) {
        try finish()
        let unix = MonotonicClock.unixNanoseconds()
        begun = MonotonicClock.now()
        number += 1
        let fileName =
            rotation.isOn
            ? CaptureRotation.name(name, number: number, unixSeconds: unix / 1_000_000_000) : name
        path = directory + fileName
        // A neighbour that is renamed into place, so that no reader ever meets a file without its header.
        let unfinished = path + ".new"
        let opened = unsafe open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw SystemFailure("create", path) }
        descriptor = Descriptor(owning: opened)
        octets = 0
        stream = CaptureStream(unixOffsetNanoseconds: unix - begun.nanoseconds)
        do {
            try append(stream.beginning(interfaces: interfaces))
        } catch {
            unsafe unlink(unfinished)
            throw error
        }
        guard unsafe rename(unfinished, path) == 0 else {
            let failure = SystemFailure("put in place", path)
            unsafe unlink(unfinished)
            throw failure
        }
        files += 1
        removeOldest()
    }

    private mutating func append(_ block: [UInt8]) throws(SystemFailure) {
        guard let descriptor else { throw SystemFailure("write", path, code: EBADF) }
        do {
            try descriptor.writeAll(block)
        } catch {
            // A part of a block would be the end of the file for every reader.
            ftruncate(descriptor.number, off_t(octets))
            throw SystemFailure("write", path, code: error.code)
        }
        octets += block.count
    }

    private func removeOldest() {
        guard let kept = rotation.kept, rotation.isOn else { return }
        for file in CaptureRotation.files(of: name, among: Files.entries(of: place)).dropLast(kept) {
            unsafe unlink(directory + file.name)
        }
    }
}
