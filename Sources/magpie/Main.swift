@main
enum Magpie {
    static func main() {}
}
