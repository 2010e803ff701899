/*
 * The limits of Sieve, each with its reason. RFC 5228 section 10 asks for them: a script is written by a
 * stranger, and runs for each message that another stranger sends.
 */
#ifndef SIEVE_SIEVE_LIMITS_H
#define SIEVE_SIEVE_LIMITS_H

enum {
	/* Octets of a script. People write some kilobytes, programs that make filters for them some hundred.
	 */
	SIEVE_SCRIPT_MAX = 1 << 20,
	/* Octets of a name: the longest of any RFC, notify_method_capability, has 24. */
	SIEVE_IDENTIFIER_MAX = 32,
	/* Octets of a variable's name; RFC 5229 section 6 asks for 32 at least. */
	SIEVE_VARIABLE_NAME_MAX = 64,
	/* Blocks and tests within each other; RFC 5228 section 8.1 asks for 15 at least. All are walked by
	 * recursion. */
	SIEVE_NESTING_MAX = 32,
	/* Arguments of one command or test: the richest, vacation, has 18 with all its tags. */
	SIEVE_ARGUMENTS_MAX = 32,
	/* Strings of one list: whole address books are pasted into scripts. */
	SIEVE_LIST_MAX = 20000,
	/* Commands and tests of a script; each is some 100 octets of memory while it is looked at. A script
	 * of 1 MB that does something sensible has 40,000. */
	SIEVE_NODES_MAX = 100000,
	/* Errors told of one script: nobody mends more in one go. */
	SIEVE_ERRORS_MAX = 100,
	/* Octets of what a script takes while it is compiled: some 24 times the longest script, which is what
	 * the shortest commands come to. */
	SIEVE_COMPILE_MEMORY_MAX = 24 << 20,
};

#endif
