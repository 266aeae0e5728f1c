-- How far the log was published to Kafka, and which process publishes it.

create table event.kafka_place (
    only_row boolean primary key default true check (only_row),
    -- everything up to here was acknowledged; null: nothing was ever published
    log_pos bigint,
    month date,
    -- the process, and until when nobody else publishes
    holder uuid,
    held_until timestamptz not null default '-infinity',
    constraint kafka_place_month_check check ((log_pos is null) = (month is null))
);
insert into event.kafka_place default values;
alter table event.kafka_place enable row level security;
alter table event.kafka_place force row level security;
create policy owner_all on event.kafka_place for all to tandem_owner using (true) with check (true);
create policy stream_all on event.kafka_place for all to tandem_stream using (true) with check (true);
grant select, update on event.kafka_place to tandem_stream;
comment on table event.kafka_place is
    'Two publishers at once would do no harm but work: consumers drop what they have.';
