alter table receipts add column client_id text;
comment on column receipts.client_id is 'Client that requested the sign-out and that the person returns to. Null: a sign-out on our own pages.';
