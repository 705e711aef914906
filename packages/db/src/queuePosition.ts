/** SQL for the place in the queue of a session `s`, 1 for the one that is next; null for one that is not queued. */
export const queuePosition = `
  case when s.state = 'queued' then (
    select count(*)::integer from sessions ahead
    where ahead.state = 'queued' and (ahead.created_at, ahead.id) <= (s.created_at, s.id)
  ) end as position`;
