import CLinux
import Glibc

/// The program's own code, as far as it lies in memory.
package enum ProgramCode {
    /// Lets go of the pages that have been used so far, to be called when a start is over: most of them hold what only
    /// reads a configuration, opens a store or sets up a runtime. They are the file's own, unchanged; the kernel brings
    /// back in one fault, out of its cache, what is called again.
    package static func giveBack() {
        // The kernel tells where the program's headers are, and they live as long as the process.
        guard let first = unsafe UnsafePointer<Elf64_Phdr>(bitPattern: getauxval(UInt(AT_PHDR))) else { return }
        let headers = unsafe UnsafeBufferPointer(start: first, count: Int(getauxval(UInt(AT_PHNUM))))
        guard let own = unsafe headers.first(where: { $0.p_type == UInt32(PT_PHDR) }) else { return }
        let base = UInt(bitPattern: first) &- UInt(own.p_vaddr)
        for index in 0..<headers.count {
            let segment = unsafe headers[index]
            // What may be written holds what was written.
            guard segment.p_type == UInt32(PT_LOAD), segment.p_flags & UInt32(PF_X) != 0,
                segment.p_flags & UInt32(PF_W) == 0
            else { continue }
            let page = UInt(getpagesize())
            let start = (base + UInt(segment.p_vaddr) + page - 1) / page * page
            let end = (base + UInt(segment.p_vaddr) + UInt(segment.p_memsz)) / page * page
            guard start < end else { continue }
            // These pages are mapped from the file, and nothing of ours writes to them: nothing is lost that the file does
            // not hold. (A debugger does: a breakpoint set before has to be set again.)
            _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
        }
    }
}
