// What a kernel is compiled for. The host defines these macros (kinn/ops/gpu/variant.py); the values here stand for a
// layer in two coordinates whose Laplacian is one component, so that every source compiles as it is.
#pragma once

#include "edge.cuh"

#ifndef KINN_REAL
#define KINN_REAL float              // or double
#define KINN_DEGREE 3                // 1 to 7
#define KINN_FIRSTS 2                // first derivatives
#define KINN_SECONDS 1               // components of second order
#define KINN_PAIRS 3, 1, 1, 3, 2, 2  // what belongs to them: see Pairs
#define KINN_SQUASH 1                 // the map in front: see Squash
#define KINN_EVEN 1                  // whether the cells of the grid have one width
#define KINN_OUTPUTS 4               // outputs a thread has
#endif

namespace kinn {

using LayerReal = KINN_REAL;
using LayerIndex = Index<KINN_FIRSTS, KINN_SECONDS, Pairs<KINN_PAIRS>>;
using LayerSplines = Splines<LayerReal, KINN_DEGREE, KINN_EVEN>;
using LayerEdge = Edge<LayerReal, LayerIndex, LayerSplines, KINN_SQUASH>;

// The largest block that the host asks for.
constexpr int MAX_THREADS = 128;

}  // namespace kinn
