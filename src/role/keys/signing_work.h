/*
 * The work on signing keys: learns from store which domains and keys there are, makes keys for domains that
 * have none, asks the name servers whether they show the records, and leads each key through its life
 * (trust/sender/dkim_rotation.h). One thing at a time; whatever fails is tried again.
 */
#ifndef ROLE_KEYS_SIGNING_WORK_H
#define ROLE_KEYS_SIGNING_WORK_H

#include "process/role.h"

/* Before the confinement. `settled`: what is known has changed, or there is nothing left to do now. */
int signing_work_start(struct role_process *p, void (*settled)(void));

/* The secret that private halves are sealed with; without it nothing is made or signed. */
void signing_work_secret(struct view secret);

/* The settings have come, or changed. */
void signing_work_serve(void);

/* Channels to store and dns. Own fd. */
void signing_work_store(int fd);
void signing_work_dns(int fd);

/* What is heard from store. */
extern const struct link_verb signing_store_verbs[];

/* Whether the domains and keys are known. */
bool signing_work_is_ready(void);

/* Whether there are other domains than these, or other keys, as soon as a list has been read. */
bool signing_work_is_stale(void);

/* Whether a domain without a key may get one in a moment. */
bool signing_work_makes(void);

#endif
