import KNX
import Testing

@Suite struct GroupAddressExportTests {
    /// The same three addresses in each layout that ETS exports.
    static let exports: [(layout: String, text: String)] = [
        (
            "3/1 with semicolons and line ends of Windows",
            #"""
            "Main";"Middle";"Sub";"Address";"Central";"Unfiltered";"Description";"DatapointType";"Security"
            "House";"";"";"1/-/-";"";"";"";"";"Auto"
            "";"Light";"";"1/2/-";"";"";"";"";"Auto"
            "";"";"Küche ""Süd""";"1/2/0";"";"";"a; b";"DPST-1-1";"Auto"
            "";"";"Temperature";"1/2/1";"";"";"";"DPST-9-1";"Auto"
            "";"";"Nothing known";"31/7/255";"";"";"";"";"Auto"
            """#.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        ),
        (
            "1/1 with tabs, a mark, and an empty row",
            "\u{FEFF}\"Group name\"\t\"Address\"\t\"Central\"\t\"Unfiltered\"\t\"Description\"\t\"DatapointType\"\n"
                + "\"Küche \"\"Süd\"\"\"\t1/2/0\t\t\t\tDPT-1, DPST-1-1\n\n"
                + "\"Temperature\"\t1/2/1\t\t\t\tDPST-9-1\n\"Nothing known\"\t31/7/255\t\t\t\tDPST-9999-1\n"
        ),
        (
            "3/3 with commas",
            #"""
            "Main","Middle","Sub","Main","Middle","Sub","Central","Unfiltered","Description","DatapointType","Security"
            "House","","","1","","","","","","","Auto"
            "","Light","","1","2","","","","","","Auto"
            "","","Küche ""Süd""","1","2","0","","","","DPST-1-1","Auto"
            "","","Temperature","1","2","1","","","","DPST-9-1","Auto"
            "","","Nothing known","31","7","255","","","","","Auto"
            """#
        ),
        (
            "1/3",
            #"""
            "Group name";"Main";"Middle";"Sub";"Central";"Unfiltered";"Description";"DatapointType";"Security"
            "House";"1";"";"";"";"";"";"";"Auto"
            "Küche ""Süd""";"1";"2";"0";"";"";"";"DPST-1-1";"Auto"
            "Temperature";"1";"2";"1";"";"";"";"DPST-9-1";"Auto"
            "Nothing known";"31";"7";"255";"";"";"";"";"Auto"
            """#
        ),
        (
            "3/1 without its header",
            #"""
            "House";"";"";"1/-/-";"";"";"";"";"Auto"
            "";"";"Küche ""Süd""";"1/2/0";"";"";"";"DPST-1-1";"Auto"
            "";"";"Temperature";"1/2/1";"";"";"";"DPST-9-1";"Auto"
            "";"";"Nothing known";"31/7/255";"";"";"";"";"Auto"
            """#
        ),
        (
            "XML",
            """
            <?xml version="1.0" encoding="utf-8" standalone="yes"?>
            <!-- of a project -->
            <GroupAddress-Export xmlns="http://knx.org/xml/ga-export/01">
              <GroupRange Name="House" RangeStart="2048" RangeEnd="4095">
                <GroupRange Name="Light" RangeStart="2560" RangeEnd="2815">
                  <GroupAddress Name="K&#xFC;che &quot;S&#252;d&quot;" Address="1/2/0" DPTs="DPST-1-1" Security="Auto" />
                  <GroupAddress Name='Temperature' Address='1/2/1' DPTs='DPT-9 DPST-9-1'></GroupAddress>
                </GroupRange>
                <GroupAddress Name="Nothing known" Address="31/7/255"/>
              </GroupRange>
            </GroupAddress-Export>
            """
        ),
    ]

    @Test(arguments: exports.map(\.layout))
    func everyLayoutSaysTheSame(layout: String) throws {
        let text = try #require(Self.exports.first { $0.layout == layout }).text
        let table = try GroupAddressTable(export: Array(text.utf8))
        #expect(table.entries.count == 3 && table.style == .threeLevel)
        let kitchen = GroupAddress(raw: 0x0A00)
        #expect(table[kitchen]?.name == "Küche \"Süd\"")
        #expect(table[kitchen]?.type.map { $0.main } == 1)
        #expect(table[GroupAddress(raw: 0x0A01)]?.name == "Temperature")
        #expect(table[GroupAddress(raw: 0xFFFF)] == GroupAddressTable.Entry(name: "Nothing known", type: nil))
        #expect(table.text(of: .octets([0x0C, 0x1A]), at: GroupAddress(raw: 0x0A01)) == "21 °C")
        #expect(table.text(of: .small(1), at: kitchen) == "on")
        // A value of another size than the type's, an address without a type, and one that is not planned.
        #expect(table.text(of: .octets([1]), at: GroupAddress(raw: 0x0A01)) == nil)
        #expect(table.text(of: .small(1), at: GroupAddress(raw: 0xFFFF)) == nil)
        #expect(table.text(of: .small(1), at: GroupAddress(raw: 1)) == nil)
    }

    @Test func otherStylesAndOtherCodes() throws {
        let two = try GroupAddressTable(export: Array("\"Group name\";\"Address\"\n\"a\";\"1/257\"\n".utf8))
        #expect(two.style == .twoLevel && two[GroupAddress(raw: 0x0901)]?.name == "a")
        let free = try GroupAddressTable(export: Array("\"Group name\";\"Address\"\n\"a\";\"2305\"\n".utf8))
        #expect(free.style == .free && free[GroupAddress(raw: 0x0901)]?.name == "a")
        // Windows-1252: ü, €, and an octet that is not used.
        let western = try GroupAddressTable(
            export: Array("Group name;Address\n".utf8) + [0xFC, 0x80, 0x81] + Array(";1/1/1\n".utf8))
        #expect(western[GroupAddress(raw: 0x0901)]?.name == "ü€\u{FFFD}")
        for isLittle in [true, false] {
            let units = Array("\u{FEFF}Group name;Address\nKüche;1/1/1\n".utf16)
            let octets = units.flatMap { unit -> [UInt8] in
                let pair = [UInt8(unit >> 8), UInt8(unit & 0xFF)]
                return isLittle ? pair.reversed() : pair
            }
            #expect(try GroupAddressTable(export: octets)[GroupAddress(raw: 0x0901)]?.name == "Küche")
        }
    }

    /// What a file brings is printed on terminals.
    @Test func namesHoldNoCommands() throws {
        let text = "Group name;Address\n\" \u{1B}[2Jx\u{07}\u{9B}y\nz \";1/1/1\n"
        let table = try GroupAddressTable(export: Array(text.utf8))
        #expect(table[GroupAddress(raw: 0x0901)]?.name == "[2Jx  y z")
    }

    /// A blank before a combining mark is one character with it, and a blank all the same to whoever reads the octets of the name.
    @Test(arguments: [
        (" \u{301}a ", "\u{301}a"), ("\t\u{301}a\u{7F}", "\u{301}a"), ("a \u{301}", "a \u{301}"), (" \u{1} ", ""),
    ])
    func blanksAtTheEndsAreGoneWhateverFollowsThem(name: String, printed: String) {
        #expect(
            GroupAddressTable.Entry(name: name, type: nil).name.unicodeScalars.elementsEqual(printed.unicodeScalars))
    }

    @Test(arguments: [
        ("", "1:1: there is no group address"), ("Group name;Address\n", "1:1: there is no group address"),
        ("Group name;Address\na;1/8/0\n", "2:3: '1/8/0' should be a group address such as 1/2/3"),
        ("Group name;Address\na;1/2/3\n\nü;1/2/3\n", "4:3: the group address 1/2/3 stands here twice"),
        ("Group name;Address\na;\n", "2:3: this row has no group address"),
        ("Group name;Address\na;1/-/3\n", "2:3: '1/-/3' should be"),
        ("Group name;Address\n\"a;1/2/3\n", "2:1: the quotation mark that stands here is never closed"),
        ("Group name;Address\n\"a\"b;1/2/3\n", "2:4: a separator should follow"),
        ("x;y\n", "1:1: this is no export"), ("Middle;Sub\n", "1:1: the header has no column 'Main'"),
        ("<KNX/>", "1:1: this is no export of group addresses: <KNX>"), ("<", "1:2: a name should follow '<'"),
        ("<GroupAddress-Export>\n <GroupAddress Name='a'/>", "2:2: this <GroupAddress> has no attribute 'Address'"),
        ("<GroupAddress-Export>\n</x>", "2:1: </x> closes nothing that is open here"),
        ("<GroupAddress-Export>\n<GroupRange>", "2:13: the file ends before </GroupRange>"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><a/>", "1:1: an export of group addresses has no document type"),
        ("<GroupAddress-Export a='&b;'/>", "1:25: there is no '&b;'"),
        ("<GroupAddress-Export a='1' a='2'/>", "1:28: the attribute 'a' stands here twice"),
        ("<GroupAddress-Export a='1/>", "1:28: the value of 'a' is never closed"),
        ("<!-- x", "1:1: this comment is never closed"),
        (String(repeating: "<GroupAddress-Export>", count: 70), "1:1345: nested more than 64 deep"),
    ])
    func whatIsWrongHasItsPlace(text: String, message: String) {
        let failure = #expect(throws: GroupAddressFailure.self) {
            try GroupAddressTable(export: Array(text.utf8))
        }
        #expect(failure?.description.hasPrefix(message) == true, "\(failure?.description ?? "nothing thrown")")
    }

    /// Cut anywhere, an export gives a table or a failure, and never the end of the program.
    @Test(arguments: exports.map(\.layout))
    func everyBeginningIsReadOrRefused(layout: String) throws {
        let octets = Array(try #require(Self.exports.first { $0.layout == layout }).text.utf8)
        for count in octets.indices {
            do {
                let table = try GroupAddressTable(export: Array(octets[..<count]))
                #expect((1...3).contains(table.entries.count))
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
            }
        }
    }
}
