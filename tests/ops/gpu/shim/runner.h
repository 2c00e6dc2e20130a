// What the parts of the runner know of each other.
#pragma once

#include <cstdint>

struct Entry {
    const char* name;
    int arguments;
    void (*call)(const std::uint64_t* slots);
};

extern const Entry entries[];  // the last one has no name

// Runs the threads of one block, whose index is set; `turn` is the number of blocks before it.
void run_block(const Entry& entry, const std::uint64_t* slots, unsigned int turn);
