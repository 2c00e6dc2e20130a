// The splines of a grid: which cell an argument lies in, and the live splines there with three derivatives.
//
// On a cell the k + 1 live B-splines are polynomials in the local coordinate s in [0, 1]; the host has their
// coefficients, one (k+1) x (k+1) matrix a cell whose row p belongs to s^p (kinn/ops/grid.py). Beyond the grid they
// continue linearly.
#pragma once

#include "arithmetic.cuh"

namespace kinn {

// Even: the cells have one width, and hence one matrix.
template <class Real, int Degree, bool Even>
class Splines {
 public:
    static constexpr int degree = Degree;
    static constexpr int size = (Degree + 1) * (Degree + 1);

    // Takes a share of the arena and fills it; the block must meet before the splines are used. The matrices of an
    // uneven grid stay where they are unless `staged`. Between staged matrices lies one number, so that threads in
    // different cells read different banks.
    __device__ Splines(int& taken, const Real* all_edges, const Real* all_matrices, int cells, int staged)
        : cells(cells) {
        const int count = Even ? 1 : (staged ? cells : 0);
        stride = Even ? 0 : (staged ? size | 1 : size);
        Real* const own = carve<Real>(taken, count * (Even ? size : size | 1));
        for (Walk at(size); at.row < count; at.next())
            own[at.row * stride + at.column] = all_matrices[at.row * size + at.column];
        matrices = count ? own : all_matrices;
        Real* const line = carve<Real>(taken, cells + 1);
        for (int n = threadIdx.x; n <= cells; n += blockDim.x) line[n] = all_edges[n];
        edges = line;
        lower = all_edges[0];
        upper = all_edges[cells];
        rate = cells / (upper - lower);
    }

    // Stores the values and derivatives of the live splines at x in the first columns of a table, and the cell.
    // Arguments of NaN end in the first cell, with values of NaN.
    template <int Columns>
    __device__ void tabulate(Real x, Real (&table)[4][Columns], int& cell) const {
        const Real inside = x < lower ? lower : (x > upper ? upper : x);
        cell = find(inside);
        const Real left = edges[cell];
        const Real slope = Even ? rate : Real(1) / (edges[cell + 1] - left);
        const Real s = (inside - left) * slope;
        const Real beyond = x - inside;
        const bool outside = beyond != Real(0);
        const Real* const matrix = matrices + cell * stride;
#pragma unroll
        for (int j = 0; j <= Degree; ++j) {
            Real d[4];
            horner(matrix + j, s, d);
            d[1] *= slope;
            table[0][j] = outside ? d[0] + beyond * d[1] : d[0];
            table[1][j] = d[1];
            table[2][j] = outside ? Real(0) : 2 * slope * slope * d[2];
            table[3][j] = outside ? Real(0) : 6 * slope * slope * slope * d[3];
        }
    }

 private:
    int cells, stride;
    const Real* matrices;
    const Real* edges;
    Real lower, upper, rate;

    // Returns the cell [e_c, e_c+1) of an argument on the grid; the last cell has its upper end, too.
    __device__ int find(Real inside) const {
        if (Even) {  // rounding may end in a neighbour: the knots decide
            const Real where = (inside - lower) * rate;
            int c = where > Real(0) ? (where < Real(cells) ? static_cast<int>(where) : cells - 1) : 0;
            if (c + 1 < cells && inside >= edges[c + 1]) {
                ++c;
            } else if (c > 0 && inside < edges[c]) {
                --c;
            }
            return c;
        }
        int first = 0, last = cells - 1;
        while (first < last) {
            const int middle = (first + last + 1) / 2;
            if (inside >= edges[middle]) {
                first = middle;
            } else {
                last = middle - 1;
            }
        }
        return first;
    }

    // Horner's rule for a polynomial and its Taylor coefficients d[r] = f^(r)(s) / r!.
    __device__ static void horner(const Real* column, Real s, Real (&d)[4]) {
#pragma unroll
        for (int r = 0; r < 4; ++r) d[r] = Real(0);
        d[0] = column[Degree * (Degree + 1)];
#pragma unroll
        for (int step = 1; step <= Degree; ++step) {
#pragma unroll
            for (int r = 3; r >= 1; --r) {  // after n steps the coefficients beyond d[n] are still zero
                if (r < step) d[r] = d[r] * s + d[r - 1];
                if (r == step) d[r] = d[r - 1];
            }
            d[0] = d[0] * s + column[(Degree - step) * (Degree + 1)];
        }
    }
};

}  // namespace kinn
