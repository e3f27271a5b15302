"""What runs in the sandbox: calls that need a random generator or sets, which do not cross the border as they are."""

import sys

import numpy as np

LIBRARIES = ("sklearn", "scipy.sparse")


def _decompose(student, a, k, rng, options):
    """The parts that truncated_svd returns; or "calls" and the library of which it calls a function, under whatever name."""
    called, before = set(), sys.getprofile()

    def note(frame, event, argument):
        module = str(frame.f_globals.get("__name__", ""))
        called.update(library for library in LIBRARIES if f"{module}.".startswith(f"{library}."))
        if called:
            sys.setprofile(before)  # one is enough

    sys.setprofile(note)
    try:
        result = student.truncated_svd(a, k, rng, **options)
    finally:
        sys.setprofile(before)
    return ("calls", *sorted(called)) if called else tuple(result)


def decomposed(student, a, k, seed, options):
    """truncated_svd(a, k, rng, …)"""
    return _decompose(student, a, k, np.random.default_rng(seed), options)


def decomposed_again(student, a, k, seeds, options):
    """truncated_svd(a, k, rng, …) several times, with equal and with other random generators"""
    runs = []
    for place, seed in enumerate(seeds):
        np.random.seed(place)
        runs.append(_decompose(student, a.copy(), k, np.random.default_rng(seed), options))
    return tuple(runs)


def decomposed_and_argument(student, a, k, seed):
    """truncated_svd(a, k, rng), and then a look at a"""
    result = _decompose(student, a, k, np.random.default_rng(seed), {})
    return result, a


def cosines_with_itself(student, a):
    """cosine_similarity(a, a)"""
    return student.cosine_similarity(a, a)


def searched(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top)"""
    return student.search_jargon(counts, queries, k, np.random.default_rng(seed), top)


def searched_and_sorted(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top), each row sorted by the documents' indices"""
    return np.sort(student.search_jargon(counts, queries, k, np.random.default_rng(seed), top), axis=1)


def searched_subjects(student, counts, queries, k, seed, top, n_subjects):
    """search_jargon(counts, queries, k, rng, top), of each document found its index modulo the number of subjects"""
    return np.asarray(student.search_jargon(counts, queries, k, np.random.default_rng(seed), top)) % n_subjects


def searched_again(student, counts, queries, k, seed, top):
    """search_jargon(counts, queries, k, rng, top) twice, with equal random generators"""
    runs = []
    for place in (0, 1):
        np.random.seed(place)
        runs.append(student.search_jargon(counts.copy(), queries.copy(), k, np.random.default_rng(seed), top))
    return int(np.sum(np.not_equal(*runs)))  # at so many places they differ


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
