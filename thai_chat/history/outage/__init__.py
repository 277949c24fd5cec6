"""The course of an outage: PostgreSQL dies in the middle of a reply.

While PostgreSQL answers it is the only truth, and memory holds a copy of what was used lately. The write that fails, a
checkpoint of the growing reply for example, goes to memory instead, and to the journal on the disk (`outbox`,
`journal`), synced before it counts; so do all writes after it, and memory answers what is read. The reply goes on, and
the page says how many turns wait. A task in the background (`primary`) notices when the server is back, has the journal
replayed in order (`replay`), and lets PostgreSQL serve again when nothing is left; the few writes that come in the last
moment of that wait for it.

Every write is a value with ids made here, so one that had reached the server before the line broke is repeated without
harm, and so is the last minute when another server answers than before (`recent`). A write that the server refuses for
its content is set aside (`refused`) and stops nothing. A server that only hangs is no outage yet: growing texts are on
the disk meanwhile (`hedge`). If the process dies too, the next one adopts its journal.

Begin with `resilient`. The two stores are known by protocols alone (`stores`): a new table touches nothing here.
"""
