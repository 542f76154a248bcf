import Glibc

@main
struct ReferenceController {
    static func main() {
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--bridge" {
            exit(Bridge.run(daemon: CommandLine.arguments[2]))
        }
        let arguments: Arguments
        do throws(Arguments.Refusal) {
            arguments = try Arguments(CommandLine.arguments.dropFirst())
        } catch {
            switch error {
            case .help:
                writeAll(Arguments.help, to: STDOUT_FILENO)
                exit(0)
            case .usage(let message):
                writeAll("reference-controller: \(message); see --help\n", to: STDERR_FILENO)
                exit(2)
            }
        }
        HastyStart.begin(besides: arguments.configurationPath, arguments.protections)
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try Configuration.load(arguments.configurationPath)
        } catch {
            if arguments.protections.contains(.configurationValidate) {
                let isPlaced = arguments.protections.contains(.configurationPlace)
                fail(isPlaced ? error.message : "\(arguments.configurationPath): is no good configuration")
            }
            configuration = Configuration.fallback(besides: arguments.configurationPath)
        }

        // Blocked before any thread exists, so that every thread has them blocked and none is lost.
        var stopSignals = sigset_t()
        unsafe sigemptyset(&stopSignals)
        unsafe sigaddset(&stopSignals, SIGTERM)
        unsafe sigaddset(&stopSignals, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &stopSignals, nil)
        signal(SIGPIPE, SIG_IGN)

        enterDataDirectory(configuration.data)
        if arguments.protections.contains(.startOnBoot) { enableOnBoot() }
        let building = Building(configuration, arguments.protections)
        building.run(until: stopSignals)
    }

    /// In the data directory.
    private static let onBootPath = "start-on-boot"

    /// From here on relative paths are within the data directory, which one controller at a time may use.
    private static func enterDataDirectory(_ path: String) {
        if unsafe mkdir(path, 0o755) != 0, errno != EEXIST {
            fail("data: \(path) cannot be made: \(systemError())")
        }
        guard unsafe chdir(path) == 0 else { fail("data: \(path) cannot be entered: \(systemError())") }
        // The lock lasts as long as the descriptor, that is until the process ends, however it ends.
        let lock = unsafe open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { fail("data: \(path) cannot be written: \(systemError())") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            fail("data: \(path) is in use by another reference-controller; `fuser \(path)/lock` names it")
        }
    }

    /// Says to whoever starts the computer that this controller is to be started with it.
    private static func enableOnBoot() {
        let descriptor = unsafe open(onBootPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            Log.warning("not started on boot", ["error": .string(systemError())])
            return
        }
        close(descriptor)
    }

    static func fail(_ message: String) -> Never {
        writeAll("reference-controller: \(message)\n", to: STDERR_FILENO)
        exit(1)
    }
}
