/*
 * A disk that fails: stands in front of the C library's functions (ours and LMDB's calls alike) and lets
 * calls on files and folders below one folder fail with an error, from a given one on, once, twice, or until
 * it is told to stop.
 */
#ifndef TEST_CRASH_FAULTS_H
#define TEST_CRASH_FAULTS_H

enum fault_call {
	FAULT_READ,  /* pread and its kin, opening an existing file, reading a folder */
	FAULT_WRITE, /* pwrite and its kin, taking space, making a file */
	FAULT_SYNC   /* fdatasync, fsync */
};

enum { FAULT_FOR_EVER = -1 };

/* The n-th such call (1: the next) below the folder (an absolute path) and `times` calls in all fail with
 * this errno value. */
void faults_start(const char *folder, enum fault_call call, unsigned n, int times, int error);

/* No more. The number of calls that failed. */
unsigned faults_stop(void);

#endif
