import Catalogue
import Documents
import Platform

extension Command {
    static let data = Option.value("--data", "DIR", "look for rigs/, rigs/systems/ and rigs/scenarios/ below DIR first")

    static func dataDirectories(_ arguments: Arguments) -> DataDirectories {
        DataDirectories(option: arguments.value("--data"), environment: Program.environment["KNXRIG_DATA"])
    }
}
