/*
 * What all processes of this program say to each other, as one short word: two programs whose words are equal
 * may run side by side. It is made of the messages, their fields, limits and ways, and of the settings, which
 * travel to the roles.
 */
#ifndef PROCESS_IPC_DIGEST_H
#define PROCESS_IPC_DIGEST_H

enum { IPC_DIGEST_SIZE = 17 };

/*
 * Raise it when a message means something else than before though its fields are the same, when frames or the
 * codec change, when the figures of base/metrics.c change in number or order, when what a master hands to the
 * next one changes (master/passage.h), or when an older program could not read what this one's store writes:
 * no table shows that.
 */
enum { IPC_REVISION = 2 };

void ipc_digest(char out[IPC_DIGEST_SIZE]);

#endif
