// The threads of a block as threads of the host that meet at a barrier: for the thread sanitizer, which sees every pair
// of accesses to shared memory with no barrier between them.
#include <barrier>
#include <thread>
#include <vector>

#include "cuda.h"
#include "runner.h"

thread_local dim3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace {
std::barrier<>* meeting = nullptr;
}

void __syncthreads() { meeting->arrive_and_wait(); }

void run_block(const Entry& entry, const std::uint64_t* slots, unsigned int) {
    const unsigned int threads = blockDim.x * blockDim.y;
    std::barrier<> barrier(threads);
    meeting = &barrier;
    std::vector<std::thread> team;
    for (unsigned int n = 0; n < threads; ++n)
        team.emplace_back([&entry, slots, n, block = blockIdx] {
            threadIdx = {n % blockDim.x, n / blockDim.x, 0};
            blockIdx = block;
            entry.call(slots);
        });
    for (std::thread& thread : team) thread.join();
}
