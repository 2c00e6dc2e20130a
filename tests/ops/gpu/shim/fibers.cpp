// The threads of a block one after the other, each up to the next barrier: quick on any machine, and the same every
// time. Blocks go through their threads up and down in turns. What a thread takes from another without a barrier
// between them is not there yet, or not there any more, in one of the two orders.
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "cuda.h"
#include "runner.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(kept, stack, size)
#define __sanitizer_finish_switch_fiber(kept, stack, size)
#endif

thread_local dim3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace {

constexpr std::size_t stack_size = 256 << 10;

struct Fiber {
    std::unique_ptr<unsigned char[]> stack{new unsigned char[stack_size]};
    ucontext_t context;
    void* kept = nullptr;  // by the address sanitizer
    bool done = false;
};

std::vector<Fiber> fibers;
ucontext_t scheduler;
[[maybe_unused]] const void* scheduler_stack = nullptr;
[[maybe_unused]] std::size_t scheduler_size = 0;
Fiber* current = nullptr;
const Entry* running = nullptr;
const std::uint64_t* arguments = nullptr;

void leave() {
    __sanitizer_start_switch_fiber(current->done ? nullptr : &current->kept, scheduler_stack, scheduler_size);
    swapcontext(&current->context, &scheduler);
    __sanitizer_finish_switch_fiber(current->kept, &scheduler_stack, &scheduler_size);
}

void body() {
    __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_size);
    running->call(arguments);
    current->done = true;
    leave();
}

void enter(Fiber& fiber) {
    [[maybe_unused]] void* kept = nullptr;
    current = &fiber;
    __sanitizer_start_switch_fiber(&kept, fiber.stack.get(), stack_size);
    swapcontext(&scheduler, &fiber.context);
    __sanitizer_finish_switch_fiber(kept, nullptr, nullptr);
}

}  // namespace

void __syncthreads() { leave(); }

void run_block(const Entry& entry, const std::uint64_t* slots, unsigned int turn) {
    const unsigned int threads = blockDim.x * blockDim.y;
    running = &entry;
    arguments = slots;
    if (fibers.size() < threads) fibers.resize(threads);
    for (unsigned int n = 0; n < threads; ++n) {
        fibers[n].done = false;
        getcontext(&fibers[n].context);
        fibers[n].context.uc_stack.ss_sp = fibers[n].stack.get();
        fibers[n].context.uc_stack.ss_size = stack_size;
        fibers[n].context.uc_link = nullptr;
        makecontext(&fibers[n].context, body, 0);
    }
    unsigned int done = 0;
    while (!done) {
        for (unsigned int step = 0; step < threads; ++step) {
            const unsigned int n = turn % 2 ? threads - 1 - step : step;
            threadIdx = {n % blockDim.x, n / blockDim.x, 0};
            enter(fibers[n]);
            done += fibers[n].done;
        }
        if (done && done < threads) {
            std::fprintf(stderr, "%u of %u threads ended where the others wait for them\n", done, threads);
            std::exit(1);
        }
    }
}
