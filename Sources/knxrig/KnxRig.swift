@main
struct KnxRig {
    static func main() {}
}
