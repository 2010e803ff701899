/* What the files of the directory's operations share. */
#ifndef ROLE_STORE_DIRECTORY_JOB_PRIVATE_H
#define ROLE_STORE_DIRECTORY_JOB_PRIVATE_H

#include "role/store/directory_job.h"

/* Fields of the answer, in order. */
void directory_job_put(struct directory_job *job, struct view v);
void directory_job_put_number(struct directory_job *job, uint64_t n);

/* The end: the answer's error; an answer with one has no fields. */
void directory_job_finish(struct directory_job *job, int error);

void directory_job_commit(
    struct directory_job *job, int (*run)(struct txn *, void *), void (*done)(struct store_commit *, int));

/* directory_remove.c: what a row of the table of operations needs. */
int directory_run_remove(struct txn *t, void *arg);
void directory_removed_done(struct store_commit *c, int result);
int directory_run_removed_list(struct txn *t, struct directory_job *job);
int directory_run_erase(struct txn *t, void *arg);
void directory_erase_done(struct store_commit *c, int result);

#endif
