-- Whether what is pending of weeks that are there is as 0025 says; they may be read and written meanwhile.
alter table capacity.capacity_week validate constraint capacity_week_pending_check;
