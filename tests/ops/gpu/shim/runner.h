// What the runner knows of a kernel.
#pragma once

#include <cstdint>

struct Entry {
    const char* name;
    int arguments;
    void (*call)(const std::uint64_t* slots);
};

extern const Entry entries[];  // the last one has no name
