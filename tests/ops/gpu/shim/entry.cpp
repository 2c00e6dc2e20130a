// A source of kernels with a table of its entries: SHIM_SOURCE names the file, SHIM_ENTRIES the kernels.
#include <cstdint>
#include <cstring>
#include <utility>

#include SHIM_SOURCE

#include "runner.h"

namespace {

template <class Value>
Value unpack(std::uint64_t slot) {
    Value value;
    std::memcpy(&value, &slot, sizeof value);
    return value;
}

template <class... Arguments, std::size_t... Places>
void spread(void (*kernel)(Arguments...), const std::uint64_t* slots, std::index_sequence<Places...>) {
    kernel(unpack<Arguments>(slots[Places])...);
}

template <auto Kernel, class... Arguments>
void call(void (*)(Arguments...), const std::uint64_t* slots) {
    spread(Kernel, slots, std::index_sequence_for<Arguments...>());
}

template <class... Arguments>
constexpr int count(void (*)(Arguments...)) {
    return sizeof...(Arguments);
}

}  // namespace

#define SHIM_ENTRY(kernel) {#kernel, count(kernel), [](const std::uint64_t* slots) { call<kernel>(kernel, slots); }},

const Entry entries[] = {SHIM_ENTRIES{nullptr, 0, nullptr}};
