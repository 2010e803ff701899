/*
 * The engines for tests. `memory` keeps everything in ordered memory and does its work in store_dispatch, so
 * a test decides when; `failing` and `slow` wrap another engine, which they close with themselves.
 */
#ifndef STORE_STORE_TWINS_H
#define STORE_STORE_TWINS_H

#include "store/store.h"

struct store *store_memory(void);

/* What a failing store can be told to fail. */
enum store_fault {
	STORE_FAULT_COMMIT,      /* the commit doesn't happen */
	STORE_FAULT_COMMIT_LOST, /* the commit happens, but its answer is the error: a clustered engine's
	                            time-out */
	STORE_FAULT_READ,
	STORE_FAULT_BLOB_READ,
	STORE_FAULTS
};

/* NULL when a descriptor is missing; then the inner store is still the caller's. */
struct store *store_failing(struct store *inner);

/* The n-th such operation from now on (1: the next) gets this error, once; n = 0 takes the order back. */
void store_fail(struct store *failing, enum store_fault fault, unsigned n, int error);

/* True while an ordered fault is still to come. */
bool store_fault_pending(const struct store *failing, enum store_fault fault);

/* Every result comes this many milliseconds later than it could. NULL when a descriptor is missing. */
struct store *store_slow(struct store *inner, unsigned milliseconds);

#endif
