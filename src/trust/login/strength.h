/*
 * Whether a password that somebody wants to set can be guessed. Common ones and those made of words, keyboard
 * rows, repetitions, years and the own address are refused with a reason that a person understands; there are
 * no rules about kinds of characters, which make passwords worse.
 */
#ifndef TRUST_LOGIN_STRENGTH_H
#define TRUST_LOGIN_STRENGTH_H

#include "base/view.h"

/*
 * NULL when the password is good enough, else the reason: a sentence that completes "This password can't be
 * used: ", in static memory. `address` is the account's, or empty; its words count as known to an attacker.
 */
const char *password_weakness(struct view password, struct view address);

/* Bits that an attacker who knows the usual patterns must guess, roughly; for tests and the command line. */
unsigned password_guess_bits(struct view password, struct view address);

#endif
