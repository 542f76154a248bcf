@main
struct ReferenceController {
    static func main() {}
}
