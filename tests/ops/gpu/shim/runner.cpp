// Runs kernels block by block on the host. Launches come in on standard input, outputs leave on standard output:
//
//     length and name of the kernel; grid x, y; block x, y; bytes of shared memory; number of arguments;
//     for each argument a letter: 'i' and a number, or 'b' and the bytes of a buffer, or 'o' the same for an output.
//
// All numbers are 64 bits. A launch is answered by the bytes of its output. Buffers are exactly as large as their
// bytes, and shared memory ends where the launch says, so that an address sanitizer sees every step beyond.
#include "runner.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "cuda.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(place, size)
#define ASAN_UNPOISON_MEMORY_REGION(place, size)
#endif

namespace kinn {
constexpr std::size_t most = 256 << 10;
alignas(16) unsigned char arena[most];
}  // namespace kinn

namespace {

void read(void* place, std::size_t size) {
    if (size && std::fread(place, 1, size, stdin) != size) std::exit(0);
}

std::uint64_t number() {
    std::uint64_t value;
    read(&value, sizeof value);
    return value;
}

struct Buffer {
    unsigned char* bytes;
    std::size_t size;
};

void run(const Entry& entry, const std::vector<std::uint64_t>& slots, std::size_t shared) {
    unsigned int turn = 0;
    for (unsigned int y = 0; y < gridDim.y; ++y)
        for (unsigned int x = 0; x < gridDim.x; ++x) {
            std::memset(kinn::arena, 0xff, shared);  // NaN: nothing may be taken for zero
            blockIdx = {x, y, 0};
            run_block(entry, slots.data(), turn++);
        }
}

}  // namespace

int main() {
    while (true) {
        std::string name(number(), ' ');
        read(name.data(), name.size());
        gridDim = {static_cast<unsigned int>(number()), static_cast<unsigned int>(number()), 1};
        blockDim = {static_cast<unsigned int>(number()), static_cast<unsigned int>(number()), 1};
        const std::size_t shared = number(), count = number();
        std::vector<std::uint64_t> slots;
        std::vector<Buffer> buffers;
        const Buffer* output = nullptr;
        buffers.reserve(count);
        for (std::size_t n = 0; n < count; ++n) {
            char kind;
            read(&kind, 1);
            const std::uint64_t value = number();
            slots.push_back(value);
            if (kind == 'i') continue;
            buffers.push_back({static_cast<unsigned char*>(std::malloc(value)), value});
            read(buffers.back().bytes, value);
            slots.back() = reinterpret_cast<std::uint64_t>(buffers.back().bytes);
            if (kind == 'o') output = &buffers.back();
        }
        const Entry* entry = entries;
        while (entry->name && name != entry->name) ++entry;
        if (!entry->name || entry->arguments != static_cast<int>(count) || shared > kinn::most || !output) {
            std::fprintf(stderr, "cannot launch %s with %zu arguments and %zu bytes\n", name.c_str(), count, shared);
            return 1;
        }
        ASAN_POISON_MEMORY_REGION(kinn::arena + shared, kinn::most - shared);
        run(*entry, slots, shared);
        ASAN_UNPOISON_MEMORY_REGION(kinn::arena + shared, kinn::most - shared);
        std::fwrite(output->bytes, 1, output->size, stdout);
        std::fflush(stdout);
        for (const Buffer& buffer : buffers) std::free(buffer.bytes);
    }
}
