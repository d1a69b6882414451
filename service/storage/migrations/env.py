"""What alembic runs: one transaction that `service.storage.engine` opened."""

from alembic import context

from service.storage.schema_audit import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
