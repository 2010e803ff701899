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

	/* ---- running ---- */

	/* Octets that one run takes: the texts of a large message, decoded, and what variables hold. */
	SIEVE_RUN_MEMORY_MAX = 4 << 20,
	/* Commands, tests and pieces of compared text: some tenths of a second at most. A script of 1,000
	 * rules on ordinary mail takes 20,000. */
	SIEVE_STEPS_MAX = 10000000,
	/* Things done with one message: more than any person's rules do. */
	SIEVE_ACTIONS_MAX = 32,
	/* Each makes a message of one, so few are allowed (RFC 5228 section 10). */
	SIEVE_REDIRECTS_MAX = 4,
	/* RFC 6609 section 3.2: included scripts in one another, and inclusions of one run. */
	SIEVE_INCLUDE_DEPTH_MAX = 10,
	SIEVE_INCLUDES_MAX = 255,
	/* People who are notified of one message, each by a message; and octets that reading one way to
	   notify takes. */
	SIEVE_NOTIFIED_MAX = 10,
	SIEVE_NOTIFY_MEMORY_MAX = 256 << 10,
	/* RFC 5229 section 6 asks for 128 variables at least, for 4,000 octets in each, and for the first ten
	 * matches. */
	SIEVE_VARIABLES_MAX = 255,
	SIEVE_VARIABLE_MAX = 4000,
	SIEVE_MATCHES_MAX = 32,
	/* Octets of one text with the values of all variables in it. */
	SIEVE_TEXT_MAX = 64 << 10,
	/* Changes of one header: each moves all fields of it. */
	SIEVE_EDITS_MAX = 128,
	/* Fields of one deletion that are told: more are alike. */
	SIEVE_EDITS_TOLD = 8,
	/* Octets of a field that a script adds: what all hosts take in a header, and no more. */
	SIEVE_FIELD_MAX = 4 << 10,
	/* Octets of why something was done, and of a rule's name in it: what a person reads in one line. */
	SIEVE_WHY_MAX = 300,
	SIEVE_RULE_NAME_MAX = 100,
	/* Tests that held, remembered to say why: more than such a line can tell. */
	SIEVE_NOTES_MAX = 16,
	/* Tests for duplicates that are remembered of one message: each is an entry of the account. */
	SIEVE_MARKS_MAX = 16,
	/* Octets of what tells answers apart: what the account keeps of each. */
	SIEVE_HANDLE_MAX = 200,
	/* Seconds for which duplicates are remembered: RFC 7352 section 3.3 asks for a limit, and for 7 days
	 * where a script says nothing. */
	SIEVE_DUPLICATE_USUAL = 7 * 24 * 60 * 60,
	SIEVE_DUPLICATE_MOST = 90 * 24 * 60 * 60,
	/* Seconds within which a redirected message is to be delivered: the nine digits of RFC 2852. */
	SIEVE_BY_MOST = 999999999,
	/* foreverypart within each other: four levels of parts are what people tell apart, and each level
	 * multiplies the work. RFC 5703 names no number. */
	SIEVE_LOOPS_MAX = 4,
};

#endif
