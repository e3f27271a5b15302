"""What runs in the sandbox: calls that need a random generator or sets, which do not cross the border as they are."""

import numpy as np


def decomposed(student, a, k, seed, options):
    """truncated_svd(a, k, rng, …)"""
    return tuple(student.truncated_svd(a, k, np.random.default_rng(seed), **options))


def decomposed_again(student, a, k, seeds, options):
    """truncated_svd(a, k, rng, …) several times, with equal and with other random generators"""
    runs = []
    for place, seed in enumerate(seeds):
        np.random.seed(place)
        runs.append(tuple(student.truncated_svd(a, k, np.random.default_rng(seed), **options)))
    return tuple(runs)


def decomposed_and_argument(student, a, k, seed):
    """truncated_svd(a, k, rng), and then a look at a"""
    result = tuple(student.truncated_svd(a, k, np.random.default_rng(seed)))
    return result, a


def searched(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top)"""
    return student.search_jargon(counts, queries, k, np.random.default_rng(seed), top)


def searched_again(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top) twice, with equal random generators"""
    runs = []
    for place in (0, 1):
        np.random.seed(place)
        runs.append(student.search_jargon(counts, queries, k, np.random.default_rng(seed), top))
    return tuple(runs)


def searched_and_arguments(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top), and then a look at counts and queries"""
    found = student.search_jargon(counts, queries, k, np.random.default_rng(seed), top)
    return found, counts, queries


def judged(student, found, relevant):
    """recall_and_mrr(found, relevant)"""
    return tuple(student.recall_and_mrr(found, [set(wanted) for wanted in relevant]))


def judged_and_arguments(student, found, relevant):
    """recall_and_mrr(found, relevant), and then a look at its arguments"""
    sets = [set(wanted) for wanted in relevant]
    result = tuple(student.recall_and_mrr(found, sets))
    return result, found, [sorted(wanted) for wanted in sets]
