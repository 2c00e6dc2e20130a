// Which derivatives a jet carries, known to the compiler, and the chain rule on jets.
//
// The components of a jet are the value, the first derivatives u_a, then components of second order: u_ab, or a sum of
// such. The chain rule for y = f(u) (Faa di Bruno's formula up to order 2) reads, with p_s the sum of the products
// u_a u_b over the pairs (a, b) of component s,
//
//     y = f(u),    y_a = f'(u) u_a,    y_s = f'(u) u_s + f''(u) p_s.
#pragma once

namespace kinn {

// Triples (s, a, b) of positions among a jet's components: the product u_a u_b belongs to component s.
template <int... Triples>
struct Pairs {
    static constexpr int count = sizeof...(Triples) / 3;

    __device__ static constexpr int at(int n) {
        constexpr int flat[] = {Triples..., 0};
        return flat[n];
    }
};

template <int Firsts, int Seconds, class Pairs>
struct Index {
    static constexpr int components = 1 + Firsts + Seconds;
    static constexpr int seconds = Seconds;
    static constexpr int order = Seconds ? 2 : (Firsts ? 1 : 0);
    static constexpr int room = Seconds ? Seconds : 1;  // of arrays that hold one number a second-order component
    static constexpr int first_second = 1 + Firsts;

    // Forms the products p_s of a jet.
    template <class Real>
    __device__ static void products(const Real (&u)[components], Real (&p)[room]) {
#pragma unroll
        for (int s = 0; s < room; ++s) p[s] = Real(0);
#pragma unroll
        for (int n = 0; n < Pairs::count; ++n)
            p[Pairs::at(3 * n) - first_second] += u[Pairs::at(3 * n + 1)] * u[Pairs::at(3 * n + 2)];
    }

    // Forms the jet of f(u) from f, f', f'' at u.
    template <class Real>
    __device__ static void compose(const Real (&f)[4], const Real (&u)[components], const Real (&p)[room],
                                   Real (&y)[components]) {
        y[0] = f[0];
#pragma unroll
        for (int a = 1; a < components; ++a) y[a] = f[1] * u[a];
#pragma unroll
        for (int s = 0; s < Seconds; ++s) y[first_second + s] += f[2] * p[s];
    }

    // Forms the cotangents of u from those of y = f(u), or from their sums over many functions f of one u: `once` holds
    // f' times the cotangents of y, `twice` f'' and `thrice` f''' times the same (`twice` of the value and `thrice` of
    // what is not of second order have no part in it).
    template <class Real>
    __device__ static void pull(const Real (&once)[components], const Real (&twice)[components],
                                const Real (&thrice)[room], const Real (&u)[components], const Real (&p)[room],
                                Real (&grad)[components]) {
#pragma unroll
        for (int a = 0; a < components; ++a) grad[a] = once[a];
#pragma unroll
        for (int a = 1; a < components; ++a) grad[0] += twice[a] * u[a];
#pragma unroll
        for (int s = 0; s < Seconds; ++s) grad[0] += thrice[s] * p[s];
#pragma unroll
        for (int n = 0; n < Pairs::count; ++n) {
            const Real weight = twice[Pairs::at(3 * n)];
            grad[Pairs::at(3 * n + 1)] += weight * u[Pairs::at(3 * n + 2)];
            grad[Pairs::at(3 * n + 2)] += weight * u[Pairs::at(3 * n + 1)];
        }
    }
};

}  // namespace kinn
