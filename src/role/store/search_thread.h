/*
 * Where the work of the search is done: threads, so that no loop waits. One builds and merges segments,
 * others look for texts. What such a thread needs of the store it is given by the loop, which alone may speak
 * to it: the thread waits meanwhile.
 */
#ifndef ROLE_STORE_SEARCH_THREAD_H
#define ROLE_STORE_SEARCH_THREAD_H

#include "search/segment.h"
#include "store/store.h"

/* A piece of work. The structure is the caller's and stays put until `done`, which may free it. */
struct search_job {
	int (*run)(struct search_job *job);               /* on a thread */
	void (*done)(struct search_job *job, int result); /* on the loop; result: run's, -ECANCELED: it did
	                                                     not run */
	/* Internal. */
	struct search_job *next;
	int result;
};

enum search_threads { SEARCH_FINDS, SEARCH_BUILDS, SEARCH_KINDS };

/* 0 or a negative errno: then nothing can be searched. */
int search_threads_start(void);

/*
 * In this order, with the closing of the store between them: what is under way comes to its end with
 * -ECANCELED and is told so in `stop`; `end` waits for the threads. Nothing may be added any more.
 */
void search_threads_stop(void);
void search_threads_end(void);

/* `done` is called at once, with -ECANCELED, when there are no threads. */
void search_job_add(enum search_threads kind, struct search_job *job);

/* ---- on a thread ---- */

/* A segment's octets, out of the store; those that were read lately are kept in memory. */
struct search_blobs {
	struct blob_id parts[SEGMENT_PARTS];
	bool once; /* nobody will ask for these again: they are not kept */
};
struct segment_source search_source(struct search_blobs *blobs);

/*
 * Two uploads, one for each part. The uploads are made by the first octets, and belong to whoever has the
 * sink: take them on the loop, when the job is done, or abort them there.
 */
struct search_sink {
	struct store_upload *uploads[SEGMENT_PARTS];
};
struct segment_sink search_sink(struct search_sink *sink);
void search_sink_abort(struct search_sink *sink); /* on the loop; one without uploads is allowed */

#endif
